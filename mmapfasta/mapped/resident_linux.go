package mapped

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// residentPages is how many pages are asked about at a time.
const residentPages = 64

// resident takes bytes that begin at a page.
func resident(pages []byte) bool {
	var in [residentPages]byte
	for len(pages) > 0 {
		part := pages[:min(int64(len(pages)), residentPages*pageSize)]
		_, _, failed := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&part[0])), uintptr(len(part)), uintptr(unsafe.Pointer(&in)))
		if failed != 0 {
			return false
		}
		for _, state := range in[:(int64(len(part))+pageSize-1)/pageSize] {
			if state&1 == 0 {
				return false
			}
		}
		pages = pages[len(part):]
	}
	return true
}

func majorFaults() int64 {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return usage.Majflt
}
