//go:build !purego

package cpu

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// processTime returns the processor time the process has used.
func processTime(t testing.TB) time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &now); err != nil {
		t.Fatal(err)
	}
	return time.Duration(now.Nano())
}
