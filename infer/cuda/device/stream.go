//go:build cuda

package device

import (
	"fmt"
	"math"
	"unsafe"

	"gorgonia.org/cu"
)

// Stream is a queue of work on a GPU, done in order. It is safe for concurrent use, as a queue that several append to.
type Stream struct {
	context *Context
	handle  cu.Stream
}

// NewStream returns a stream that waits for no other.
func (c *Context) NewStream() (*Stream, error) {
	s := &Stream{context: c}
	err := c.do("create a stream", func() (err error) {
		s.handle, err = cu.MakeStream(cu.NonBlocking)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Close destroys the stream. Closing nil does nothing.
func (s *Stream) Close() error {
	if s == nil {
		return nil
	}
	return s.context.free("destroy a stream", s.handle.Destroy)
}

// Wait returns when everything queued is done, with the first error there was.
func (s *Stream) Wait() error { return s.context.do("wait", s.handle.Synchronize) }

// CopyIn queues a copy of n pinned bytes to the GPU. The bytes must not change before it is done.
func (s *Stream) CopyIn(to uint64, from *Pinned, offset, n int) error {
	if n == 0 {
		return nil
	}
	return s.context.do("copy to it", func() error {
		return cu.MemcpyHtoDAsync(cu.DevicePtr(to), unsafe.Pointer(&from.bytes[offset : offset+n][0]), int64(n), s.handle)
	})
}

// CopyOut queues a copy of n bytes of the GPU to pinned memory.
func (s *Stream) CopyOut(to *Pinned, offset, n int, from uint64) error {
	if n == 0 {
		return nil
	}
	return s.context.do("copy from it", func() error {
		return cu.MemcpyDtoHAsync(unsafe.Pointer(&to.bytes[offset : offset+n][0]), cu.DevicePtr(from), int64(n), s.handle)
	})
}

// Clear queues writing zeros all over some memory.
func (s *Stream) Clear(m *Memory) error {
	return s.context.do("clear memory", func() error { return cu.MemsetD8Async(m.address, 0, m.bytes, s.handle) })
}

// With calls f with the stream's handle, on a thread that has the context: for libraries that queue work themselves.
func (s *Stream) With(what string, f func(handle unsafe.Pointer) error) error {
	return s.context.do(what, func() error { return f(*(*unsafe.Pointer)(unsafe.Pointer(&s.handle))) })
}

// Geometry says how a kernel is launched.
type Geometry struct {
	Grid    [2]int // blocks
	Threads int    // of a block
	Shared  int    // bytes of dynamic shared memory
}

// maxSlots is the most arguments a kernel takes.
const maxSlots = 16

// Slot is an argument of a kernel: 8 bytes.
type Slot uint64

// Real returns the slot of a floating-point argument.
func Real(v float64) Slot { return Slot(math.Float64bits(v)) }

// Launch queues a kernel of a program.
func (s *Stream) Launch(p *Program, name string, g Geometry, arguments ...Slot) error {
	return s.context.do(fmt.Sprintf("launch %s", name), func() error {
		f, err := p.function(name, g.Shared)
		if err != nil {
			return err
		}
		var pointers [maxSlots]unsafe.Pointer
		for i := range arguments {
			pointers[i] = unsafe.Pointer(&arguments[i])
		}
		return f.Launch(g.Grid[0], g.Grid[1], 1, g.Threads, 1, 1, g.Shared, s.handle, pointers[:len(arguments)])
	})
}

// Event is a moment in a stream.
type Event struct {
	context *Context
	handle  cu.Event
}

// NewEvent returns an event that has not been recorded.
func (c *Context) NewEvent() (*Event, error) {
	e := &Event{context: c}
	err := c.do("create an event", func() (err error) {
		e.handle, err = cu.MakeEvent(cu.BlockingSyncEvent | cu.DisableTiming)
		return err
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Close destroys the event. Closing nil does nothing.
func (e *Event) Close() error {
	if e == nil {
		return nil
	}
	return e.context.free("destroy an event", func() error { return cu.DestroyEvent(&e.handle) })
}

// Record makes the event the moment when all that is queued on the stream so far is done.
func (s *Stream) Record(e *Event) error {
	return s.context.do("record an event", func() error { return e.handle.Record(s.handle) })
}

// After makes what is queued on the stream from now on wait for the event.
func (s *Stream) After(e *Event) error {
	return s.context.do("wait for an event on it", func() error { return s.handle.Wait(e.handle, 0) })
}

// Wait returns when the event has come.
func (e *Event) Wait() error { return e.context.do("compute", e.handle.Synchronize) }
