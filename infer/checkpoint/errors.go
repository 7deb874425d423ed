package checkpoint

import "errors"

var (
	// ErrFormat: the file is no PyTorch checkpoint, is damaged, or uses what no checkpoint of weights has.
	ErrFormat = errors.New("not a readable PyTorch checkpoint")
	// ErrContent: the checkpoint holds no model of the kind that was asked for.
	ErrContent = errors.New("not an ESM-2 model")
)
