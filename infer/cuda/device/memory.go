//go:build cuda

package device

/*
#include <cuda.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"gorgonia.org/cu"
)

// Memory is a region of the GPU's memory, at least 256-byte aligned.
type Memory struct {
	context *Context
	address cu.DevicePtr
	bytes   int64
}

// Allocate returns memory that holds anything. What names it in an error, which is ErrMemory where there is not as much.
func (c *Context) Allocate(what string, bytes int64) (*Memory, error) {
	m := &Memory{context: c, bytes: bytes}
	err := c.do(fmt.Sprintf("%d bytes for %s", bytes, what), func() (err error) {
		m.address, err = cu.MemAlloc(bytes)
		return err
	})
	if errors.Is(err, ErrMemory) {
		if free, freeErr := c.FreeMemory(); freeErr == nil {
			err = fmt.Errorf("%w: %d bytes are free", err, free)
		}
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Address returns where the memory is, for a kernel's argument.
func (m *Memory) Address() uint64 { return uint64(m.address) }

// Bytes returns its size.
func (m *Memory) Bytes() int64 { return m.bytes }

// Free waits for everything queued and gives the memory back. Freeing nil does nothing.
func (m *Memory) Free() error {
	if m == nil {
		return nil
	}
	return m.context.free("free memory", func() error { return cu.MemFree(m.address) })
}

// Pinned is host memory that the GPU copies to and from by itself.
type Pinned struct {
	context *Context
	bytes   []byte
}

// AllocatePinned returns pinned memory.
func (c *Context) AllocatePinned(bytes int) (*Pinned, error) {
	var p unsafe.Pointer
	err := c.do(fmt.Sprintf("%d bytes of pinned host memory", bytes), func() error {
		return check(C.cuMemHostAlloc(&p, C.size_t(bytes), 0))
	})
	if err != nil {
		return nil, err
	}
	return &Pinned{c, unsafe.Slice((*byte)(p), bytes)}, nil
}

// Bytes returns the memory, which is valid until Free.
func (p *Pinned) Bytes() []byte { return p.bytes }

// Floats returns n float32 from a multiple of 4 bytes on.
func (p *Pinned) Floats(offset, n int) []float32 {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&p.bytes[offset : offset+4*n][0])), n)
}

// Integers returns n int32 from a multiple of 4 bytes on.
func (p *Pinned) Integers(offset, n int) []int32 {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*int32)(unsafe.Pointer(&p.bytes[offset : offset+4*n][0])), n)
}

// Free gives the memory back. Freeing nil does nothing.
func (p *Pinned) Free() error {
	if p == nil {
		return nil
	}
	return p.context.free("free pinned memory", func() error { return cu.MemFreeHost(unsafe.Pointer(&p.bytes[0])) })
}
