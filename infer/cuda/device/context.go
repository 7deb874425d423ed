//go:build cuda

// Package device is what the backend needs of gorgonia.org/cu, and the little that cu lacks: one GPU with its primary
// context, memory on it and pinned memory beside it, modules, streams and events.
//
// # Threads
//
// A CUDA context is current to a thread, not to a goroutine. Every function here locks its goroutine to a thread and
// makes the context current for the time of the call, which costs about as much as the call of a C function.
//
// # Addresses
//
// Device memory is an address, a number that Go code never follows. Host memory that a copy reads or writes is always
// pinned memory of this package, never Go's and never a file's mapping: a copy goes on after the call that asked for it
// has returned, and a fault inside the driver can't be survived.
package device

/*
#include <cuda.h>
*/
import "C"

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"

	"gorgonia.org/cu"

	"longfirst/infer/cuda/driver"
)

// Context is a GPU that this process has opened. It is safe for concurrent use.
type Context struct {
	handle  cu.Device
	context cu.CUContext
	name    string
	broken  atomic.Bool // the GPU failed: nothing on it can be used, or freed, any more
}

// Count returns how many GPUs the environment leaves visible. The driver is loaded for it.
func Count() (int, error) {
	if err := driver.Load(); err != nil {
		return 0, err
	}
	n, err := cu.NumDevices()
	return n, wrap("count the GPUs", err)
}

// Open opens a GPU by its index among the visible ones.
func Open(index int) (*Context, error) {
	c := &Context{handle: cu.Device(index)}
	facts, err := Describe(index)
	if err != nil {
		return nil, err
	}
	c.name = facts.Name
	// A thread that waits for the GPU sleeps: the cores have other things to do.
	if err := c.handle.SetPrimaryCtxFlags(cu.SchedBlockingSync); err != nil && err != error(cu.PrimaryContextActive) {
		return nil, c.failed("set the flags of its context", err)
	}
	if c.context, err = c.handle.RetainPrimaryCtx(); err != nil {
		return nil, c.failed("open it", err)
	}
	return c, nil
}

// Facts are what the driver tells of a GPU.
type Facts struct {
	Name         string
	UUID         string // GPU-… or, of a part of one that is visible by itself, MIG-…
	Bus          string // PCI domain:bus:device
	Memory       int64  // bytes
	SMs          int
	Major, Minor int // compute capability
}

// Describe asks the driver for a GPU by its index among the visible ones.
func Describe(index int) (f Facts, err error) {
	handle := cu.Device(index)
	if f.Name, err = handle.Name(); err != nil {
		return f, wrap(fmt.Sprintf("name of GPU %d", index), err)
	}
	if f.UUID, err = uuid(handle); err != nil {
		return f, wrap(fmt.Sprintf("UUID of GPU %d", index), err)
	}
	if f.Memory, err = handle.TotalMem(); err != nil {
		return f, wrap(fmt.Sprintf("memory of GPU %d", index), err)
	}
	if f.Major, f.Minor, err = handle.ComputeCapability(); err != nil {
		return f, wrap(fmt.Sprintf("compute capability of GPU %d", index), err)
	}
	numbers, err := handle.Attributes(cu.MultiprocessorCount, cu.PciDomainID, cu.PciBusID, cu.PciDeviceID)
	if err != nil {
		return f, wrap(fmt.Sprintf("attributes of GPU %d", index), err)
	}
	f.SMs, f.Bus = numbers[0], fmt.Sprintf("%04x:%02x:%02x", numbers[1], numbers[2], numbers[3])
	return f, nil
}

// uuid returns a device's name for CUDA_VISIBLE_DEVICES. Of a part of a GPU the older call gives the UUID of the whole, and
// the newer one its own; drivers before 11.4 have the older call alone.
func uuid(handle cu.Device) (string, error) {
	whole, err := handle.UUID()
	if err != nil {
		return "", err
	}
	own := whole
	if C.cuDeviceGetUuid_v2((*C.CUuuid)(unsafe.Pointer(&own)), C.CUdevice(handle)) == C.CUDA_SUCCESS && own != whole {
		return "MIG-" + own.String(), nil
	}
	return "GPU-" + whole.String(), nil
}

// Name returns what errors call the GPU.
func (c *Context) Name() string { return c.name }

// Broken says whether the GPU failed: every call fails from then on, in this process.
func (c *Context) Broken() bool { return c.broken.Load() }

// Close gives the GPU back. Everything allocated must have been freed.
func (c *Context) Close() error { return c.failed("close it", c.handle.ReleasePrimaryCtx()) }

// do calls f on a thread that has the context.
func (c *Context) do(what string, f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cu.SetCurrentContext(c.context); err != nil {
		return c.failed("make its context current", err)
	}
	return c.failed(what, f())
}

// free calls f, which gives something back. What a failed GPU holds goes with the process.
func (c *Context) free(what string, f func() error) error {
	if c.broken.Load() {
		return nil
	}
	return c.do(what, f)
}

// FreeMemory returns the bytes that may still be allocated.
func (c *Context) FreeMemory() (free int64, err error) {
	err = c.do("ask for its free memory", func() error {
		free, _, err = cu.MemInfo()
		return err
	})
	return free, err
}
