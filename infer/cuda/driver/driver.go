//go:build cuda

// Package driver binds the CUDA driver while the program runs, so that one binary serves machines with a GPU and without.
//
// gorgonia.org/cu is linked to the driver's library, and calls cuInit before main. A program made that way does not
// even start where there is no driver, and a process that only starts others would hold on to every GPU. Here the
// linker finds, under the name of the library, a script that is empty (link/libcuda.so), and the symbols in this package:
// a cuInit that succeeds and does nothing, and trampolines for all others, which return CUDA_ERROR_NOT_INITIALIZED until
// Load has opened the driver's library.
//
// Linux on amd64. Import it wherever gorgonia.org/cu is imported.
package driver

/*
#cgo LDFLAGS: -L${SRCDIR}/link -ldl
#include "load.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"sync"
)

var (
	// ErrAbsent: there is no driver on this machine.
	ErrAbsent = errors.New("no NVIDIA driver")
	// ErrOld: the driver lacks something the program calls.
	ErrOld = errors.New("the NVIDIA driver is too old")
	// ErrInit: the driver is there and can't be used.
	ErrInit = errors.New("the NVIDIA driver can't be used")
)

// Load opens and initialises the driver, once in the life of a process. The environment decides which devices there are
// from then on (CUDA_VISIBLE_DEVICES).
//
// Errors: ErrAbsent, ErrOld, ErrInit, with what to do about them.
var Load = sync.OnceValue(load)

func load() error {
	var why [512]C.char
	switch code := C.longfirst_cuda_load(&why[0], C.size_t(len(why))); code {
	case 0:
		return nil
	case -1:
		return fmt.Errorf("%w: %s; install it, or check that containers are given it (docker run --gpus all)", ErrAbsent, C.GoString(&why[0]))
	case -2:
		return fmt.Errorf("%w: it has no %s; install version 525 or newer", ErrOld, C.GoString(&why[0]))
	case 100:
		return fmt.Errorf("%w: it finds no GPU that is visible to this process (CUDA_VISIBLE_DEVICES)", ErrInit)
	case 803:
		return fmt.Errorf("%w: its library and its kernel module are of different versions; reboot after a driver update", ErrInit)
	default:
		return fmt.Errorf("%w: cuInit returned %d; see whether nvidia-smi works", ErrInit, int(code))
	}
}
