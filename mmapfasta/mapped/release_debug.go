//go:build longfirst_debug && (linux || darwin || windows)

package mapped

import (
	"runtime"

	"golang.org/x/exp/mmap"
)

// release keeps the address range of a mapping for the rest of the process and takes every access to it away, so that
// nothing else can be mapped there and each late use of a view faults.
func release(reader *mmap.ReaderAt, view []byte) error {
	if len(view) == 0 {
		return reader.Close()
	}
	runtime.SetFinalizer(reader, nil)
	return forbid(view)
}
