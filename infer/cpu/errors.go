package cpu

import (
	"errors"
	"fmt"
)

var (
	// ErrArgument: a shape, a size or a count does not fit.
	ErrArgument = errors.New("bad argument")
	// ErrLevel: the kernels asked for are not to be had on this machine or in this build.
	ErrLevel = errors.New("no such kernels")
	// ErrFault: memory behind a weight could not be read, as when its file was truncated while mapped.
	ErrFault = errors.New("weights cannot be read any more")
)

// FaultError is an ErrFault with the address, which tells the owner of the mapping what was lost.
type FaultError struct {
	Address uintptr
}

// Addr returns the faulting address, as a runtime error does.
func (e *FaultError) Addr() uintptr { return e.Address }

func (e *FaultError) Error() string {
	return fmt.Sprintf("memory fault at %#x: %v; the model's files may have been changed, restore them and run again",
		e.Address, ErrFault)
}

func (e *FaultError) Unwrap() error { return ErrFault }
