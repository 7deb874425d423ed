package cuda

import "errors"

// Errors of finding devices.
var (
	// ErrNotBuilt: the program was built without the tag "cuda".
	ErrNotBuilt = errors.New("this build of longfirst has no GPU support")
	// ErrNone: no GPU can be used.
	ErrNone = errors.New("no GPU can be used")
	// ErrUnusable: the kernels do not run on a device.
	ErrUnusable = errors.New("the GPU can't be used")
	// ErrChoice: a choice of GPUs can't be had.
	ErrChoice = errors.New("no such GPU")
	// ErrPrecision: there is no such precision.
	ErrPrecision = errors.New("no such precision")
)

// Errors of using a device.
var (
	// ErrIsolation: this process sees another GPU, or more, than its environment names.
	ErrIsolation = errors.New("not confined to one GPU")
	// ErrArgument: a shape, a size or a count does not fit.
	ErrArgument = errors.New("bad argument")
)
