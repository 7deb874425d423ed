//go:build longfirst_debug && (linux || darwin || windows)

package mapped

import (
	"bytes"
	"runtime"
	"runtime/debug"
	"testing"
	"unsafe"
)

func TestLateUseOfViewFaults(t *testing.T) {
	for range 20 {
		f := openTest(t, write(t, bytes.Repeat([]byte{'A'}, 1<<20)), true)
		view, err := f.View(4000, 5000, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		f = nil
		runtime.GC()
		// Would take over the address range if it were free.
		openTest(t, write(t, bytes.Repeat([]byte{'B'}, 1<<20)), true)
		for _, at := range []int{0, 500, 999} {
			if address := uintptr(unsafe.Pointer(&view[at])); faultOf(view, at) != address {
				t.Fatalf("late use of byte %d did not fault", at)
			}
		}
	}
}

func faultOf(view []byte, at int) (address uintptr) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault, ok := recover().(interface{ Addr() uintptr }); ok {
			address = fault.Addr()
		}
	}()
	lateRead = view[at]
	return 0
}

var lateRead byte
