//go:build cuda

package device

import (
	"errors"
	"fmt"

	"gorgonia.org/cu"
)

var (
	// ErrMemory: the GPU has not as much memory left.
	ErrMemory = errors.New("not enough GPU memory")
	// ErrNoKernel: none of the modules has a kernel of that name.
	ErrNoKernel = errors.New("no such kernel")
	// ErrCUDA: the driver refused a call or reports that the GPU failed.
	ErrCUDA = errors.New("CUDA error")
)

// explanations say what the driver's names leave open.
var explanations = map[error]string{
	cu.LaunchFailed:     "a kernel failed; the GPU or its memory may be at fault, see dmesg for Xid messages",
	cu.IllegalAddress:   "a kernel failed; the GPU or its memory may be at fault, see dmesg for Xid messages",
	cu.Unknown:          "the GPU may have been lost; see dmesg for Xid messages, and whether nvidia-smi still lists it",
	cu.EccUncorrectable: "its memory is damaged; nvidia-smi -q -d ECC tells more",
	cu.NoBinaryForGpu:   "the program has no code for this GPU",
	cu.NotFound:         "the driver is older than the program expects; install a newer one",
	cu.InvalidDevice:    "it is in exclusive use by another process, or gone",
	cu.NotInitialized:   "a call of the driver in a process that must not call it",
}

// wrap turns an error of cu into one that says what was done.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	if err == error(cu.OutOfMemory) {
		return fmt.Errorf("%s: %w", what, ErrMemory)
	}
	if errors.Is(err, ErrNoKernel) {
		return fmt.Errorf("%s: %w", what, err)
	}
	if why, ok := explanations[err]; ok {
		return fmt.Errorf("%s: %w: %v: %s", what, ErrCUDA, err, why)
	}
	return fmt.Errorf("%s: %w: %v", what, ErrCUDA, err)
}

// failures are the errors after which a context can't be used any more.
var failures = map[error]bool{cu.LaunchFailed: true, cu.IllegalAddress: true, cu.IllegalInstruction: true, cu.MisalignedAddress: true,
	cu.LaunchTimeout: true, cu.EccUncorrectable: true, cu.HardwareStackError: true, cu.Unknown: true}

// failed adds the GPU's name, and notes a failure of the GPU itself.
func (c *Context) failed(what string, err error) error {
	if err == nil {
		return nil
	}
	if failures[err] {
		c.broken.Store(true)
	}
	return wrap(c.name+": "+what, err)
}
