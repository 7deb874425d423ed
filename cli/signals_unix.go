//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// outliveReaders lets a run go on where nobody reads its messages any more, and makes a write beyond what a file may hold
// (RLIMIT_FSIZE) an error as a full disk is one, instead of the end of the process. Worker processes inherit it.
func outliveReaders() { signal.Ignore(syscall.SIGPIPE, syscall.SIGXFSZ) }
