//go:build unix

package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// usedTime returns the processor time that the process has used.
func usedTime() time.Duration {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		panic(err) // it can't fail for the process itself
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
