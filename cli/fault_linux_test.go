package main

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// parentDeath names the signal the kernel sends this process when the thread that started it ends. It is an attribute of
// the first thread, on which variables are initialized.
var parentDeath = parentDeathSignal()

func parentDeathSignal() string {
	var signal int32
	if err := unix.Prctl(unix.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&signal)), 0, 0, 0); err != nil {
		return err.Error()
	}
	return syscall.Signal(signal).String()
}
