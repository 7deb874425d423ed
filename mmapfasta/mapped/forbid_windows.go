//go:build longfirst_debug

package mapped

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

func forbid(mapping []byte) error {
	var previous uint32
	address := uintptr(unsafe.Pointer(unsafe.SliceData(mapping)))
	return windows.VirtualProtect(address, uintptr(len(mapping)), windows.PAGE_NOACCESS, &previous)
}
