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
)

// Errors of using a device.
var (
	// ErrIsolation: a worker process sees another GPU, or more, than the one it was started for.
	ErrIsolation = errors.New("worker is not confined to its device")
)
