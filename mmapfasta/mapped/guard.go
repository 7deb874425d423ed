package mapped

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"unsafe"
)

// Guard runs fn, which may touch views of the files, and turns a fault inside one of their mappings into an error: a
// *TruncatedError where the file lost the byte, ErrUnreadable where the byte is still inside the file. Every other
// panic, a nil dereference included, goes on as it was. fn stops at the fault; its deferred calls run.
//
// It holds for the calling goroutine only: a goroutine started by fn needs a Guard of its own.
func Guard(fn func() error, files ...*File) (err error) {
	previous := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(previous)
		raised := recover()
		if raised == nil {
			return
		}
		if err = faultIn(raised, files); err == nil {
			panic(raised)
		}
	}()
	err = fn()
	runtime.KeepAlive(files)
	return err
}

// faultIn returns the error for a memory fault inside one of the files' mappings, nil for any other panic.
func faultIn(raised any, files []*File) error {
	// The runtime gives an address with faults only where SetPanicOnFault made them panics.
	fault, ok := raised.(interface{ Addr() uintptr })
	if !ok {
		return nil
	}
	for _, f := range files {
		begin := uintptr(unsafe.Pointer(unsafe.SliceData(f.view)))
		if address := fault.Addr(); address >= begin && address-begin < uintptr(len(f.view)) {
			return f.faultAt(int64(address - begin))
		}
	}
	return nil
}

func (f *File) faultAt(offset int64) error {
	// A file cut off and already written anew has its size back, but not its time.
	if info, err := f.file.Stat(); err == nil && StampOf(info) == f.stamp {
		return fmt.Errorf("%s: byte %d of %d: %w; check the disk or the network file system",
			f.path, offset, info.Size(), ErrUnreadable)
	}
	return f.truncatedAt(offset)
}
