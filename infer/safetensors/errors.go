package safetensors

import "errors"

// Refused while files are opened.
var (
	// ErrFormat: the file is no safetensors file, or its header contradicts itself or the file's size.
	ErrFormat = errors.New("not a valid safetensors file")
	// ErrMissing: a model folder lacks its weights, a shard or a tensor that its index names.
	ErrMissing = errors.New("weights are missing")
)
