package limits

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// allocate returns n bytes outside Go's heap: a live heap of that size would make the garbage collector run less often
// than it does in the program that is measured.
func allocate(n int) ([]byte, error) {
	address, err := windows.VirtualAlloc(0, uintptr(n), windows.MEM_RESERVE|windows.MEM_COMMIT, windows.PAGE_READWRITE)
	if err != nil {
		return nil, err
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&address)), n), nil
}

func release(memory []byte) error {
	return windows.VirtualFree(uintptr(unsafe.Pointer(unsafe.SliceData(memory))), 0, windows.MEM_RELEASE)
}
