package esm2

import "errors"

// Refused while a model is read.
var (
	// ErrConfig: config.json describes no ESM-2, or one this package does not compute.
	ErrConfig = errors.New("unsupported model config")
	// ErrVocabulary: vocab.txt is missing a token or does not fit the config.
	ErrVocabulary = errors.New("bad vocabulary")
	// ErrWeights: a tensor is missing, has another shape or type than the config asks for, or holds NaN or Inf.
	ErrWeights = errors.New("bad weights")
)

// Refused while a batch runs.
var (
	// ErrBatch: a batch is larger than the runner was made for, or holds a token the model has no embedding for.
	ErrBatch = errors.New("bad batch")
)

// Found by Verify.
var (
	// ErrNotFinite: hidden states hold NaN or Inf although the weights do not.
	ErrNotFinite = errors.New("hidden states are not finite")
	// ErrPublished: hidden states are close to those published for the model, but not close enough.
	ErrPublished = errors.New("published values do not come out")
)

// Refused by Init.
var (
	// ErrExists: the folder to write a model into holds something.
	ErrExists = errors.New("folder is not empty")
)
