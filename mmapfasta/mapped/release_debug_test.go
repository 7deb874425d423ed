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
	content := bytes.Repeat([]byte{'A'}, 1<<20)
	for range 5 {
		view := closedView(t, write(t, content))
		runFinalizers()
		// Would take over the address range if it were free.
		openTest(t, write(t, bytes.Repeat([]byte{'B'}, len(content))), true)
		for _, at := range []int{0, 500, 999} {
			if address := uintptr(unsafe.Pointer(&view[at])); faultOf(view, at) != address {
				t.Fatalf("late use of byte %d did not fault", at)
			}
		}
	}
}

// closedView keeps nothing of the file but a view.
func closedView(t *testing.T, path string) []byte {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	view, err := f.View(4000, 5000, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return view
}

// runFinalizers collects garbage and returns when what was found unreachable has been finalized.
func runFinalizers() {
	for range 2 {
		done := make(chan struct{})
		runtime.SetFinalizer(&[16]byte{}, func(*[16]byte) { close(done) })
		runtime.GC()
		<-done
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
