package index

import (
	"fmt"
	"runtime/debug"
)

// guard runs fn, which uses bbolt, and turns whatever a damaged or shrinking file makes of it, bbolt's own assertions
// and memory faults in the mapping, into ErrCorrupt. Code of callers must not run inside: its panics are its own.
func guard(path string, fn func() error) (err error) {
	previous := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(previous)
		if raised := recover(); raised != nil {
			err = fmt.Errorf("%s: %w: %v", path, ErrCorrupt, raised)
		}
	}()
	return fn()
}
