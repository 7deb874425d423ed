package limits

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// mincore sets the lowest bit of one byte a page where the page is in memory; x/sys has no wrapper for it.
func mincore(view, pages []byte) error {
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(unsafe.SliceData(view))), uintptr(len(view)), uintptr(unsafe.Pointer(unsafe.SliceData(pages))))
	if errno != 0 {
		return errno
	}
	return nil
}
