//go:build cuda

package cuda

import (
	"errors"
	"fmt"

	"longfirst/infer/backend"
	"longfirst/infer/cuda/device"
	"longfirst/infer/cuda/kernels"
)

// matrix is a weight [n, k] in the backend's precision, with zeros behind its rows and columns up to the pitches.
type matrix struct {
	n, k   int
	memory *device.Memory // [Pitch(n), Pitch(k)]
}

func (m *matrix) Dims() (n, k int) { return m.n, m.k }

// vector is a bias or a gain [n] in float32, with zeros behind its end up to the pitch.
type vector struct {
	n      int
	memory *device.Memory // [Pitch(n)]
}

func (v *vector) Len() int { return v.n }

// stagedFloats is how many numbers of weights are on their way at a time.
const stagedFloats = 1 << 20

// staging is where weights are widened to float32 on their way from the mapped file. They are read in the goroutine that
// asks for it, which expects faults of the mapping; the GPU converts them to its precision.
type staging struct {
	host   *device.Pinned
	memory *device.Memory
}

func (b *Backend) newStaging() (s *staging, err error) {
	s = &staging{}
	if s.host, err = b.context.AllocatePinned(4 * stagedFloats); err != nil {
		return nil, err
	}
	if s.memory, err = b.context.Allocate("weights on their way", 4*stagedFloats); err != nil {
		return nil, errors.Join(err, s.free())
	}
	return s, nil
}

func (s *staging) free() error {
	if s == nil {
		return nil
	}
	return errors.Join(s.host.Free(), s.memory.Free())
}

// Matrix takes weights stacked by rows.
func (b *Backend) Matrix(rows ...backend.Tensor) (backend.Matrix, error) {
	m := &matrix{}
	for _, t := range rows {
		if len(t.Shape) != 2 || t.Shape[0] < 1 || t.Shape[1] < 1 || t.Shape[1] != rows[0].Shape[1] {
			return nil, fmt.Errorf("%w: tensor %s of shape %v does not stack to a matrix", ErrArgument, t.Name, t.Shape)
		}
		if err := checkSize(t); err != nil {
			return nil, err
		}
		m.n, m.k = m.n+t.Shape[0], t.Shape[1]
	}
	if m.n == 0 || m.k > stagedFloats {
		return nil, fmt.Errorf("%w: a matrix of %d tensors with rows of %d", ErrArgument, len(rows), m.k)
	}
	var err error
	if m.memory, err = b.hold(rows[0].Name, sizeOf(b.element)*kernels.Pitch(m.n)*kernels.Pitch(m.k)); err != nil {
		return nil, err
	}
	row := 0
	for _, t := range rows {
		if err := b.load(m, row, t); err != nil {
			return nil, fmt.Errorf("load tensor %s: %w", t.Name, err)
		}
		row += t.Shape[0]
	}
	return m, nil
}

// load converts a tensor to the rows of a matrix from one on.
func (b *Backend) load(m *matrix, row int, t backend.Tensor) error {
	pitch := kernels.Pitch(m.k)
	for done := 0; done < t.Shape[0]; {
		rows := min(t.Shape[0]-done, stagedFloats/m.k)
		t.DType.Widen(b.loading.host.Floats(0, rows*m.k), t.Data[done*m.k*t.DType.Size():])
		if err := b.compute.CopyIn(b.loading.memory.Address(), b.loading.host, 0, 4*rows*m.k); err != nil {
			return err
		}
		to := m.memory.Address() + uint64((row+done)*pitch*sizeOf(b.element))
		if err := b.launch(kernels.Gather(kernels.F32, b.element, rows), device.Slot(to), device.Slot(b.loading.memory.Address()), 0,
			device.Slot(rows), device.Slot(m.k), device.Slot(pitch), device.Slot(m.k)); err != nil {
			return err
		}
		if err := b.compute.Wait(); err != nil {
			return err
		}
		done += rows
	}
	return nil
}

// Vector takes vectors laid end to end.
func (b *Backend) Vector(parts ...backend.Tensor) (backend.Vector, error) {
	v := &vector{}
	for _, t := range parts {
		if len(t.Shape) != 1 {
			return nil, fmt.Errorf("%w: tensor %s of shape %v is no vector", ErrArgument, t.Name, t.Shape)
		}
		if err := checkSize(t); err != nil {
			return nil, err
		}
		v.n += t.Shape[0]
	}
	if v.n == 0 || v.n > stagedFloats {
		return nil, fmt.Errorf("%w: a vector of %d numbers", ErrArgument, v.n)
	}
	var err error
	if v.memory, err = b.hold(parts[0].Name, 4*kernels.Pitch(v.n)); err != nil {
		return nil, err
	}
	values := b.loading.host.Floats(0, v.n)
	for _, t := range parts {
		t.DType.Widen(values[:t.Shape[0]], t.Data)
		values = values[t.Shape[0]:]
	}
	if err := b.compute.CopyIn(v.memory.Address(), b.loading.host, 0, 4*v.n); err != nil {
		return nil, err
	}
	return v, b.compute.Wait()
}

// hold allocates cleared memory for a weight.
func (b *Backend) hold(name string, bytes int) (*device.Memory, error) {
	m, err := b.allocate("the weight "+name, bytes)
	if err != nil {
		return nil, err
	}
	b.weights = append(b.weights, m)
	return m, b.compute.Clear(m)
}

// allocate returns device memory; the error is backend.ErrMemory where there is not enough.
func (b *Backend) allocate(what string, bytes int) (*device.Memory, error) {
	m, err := b.context.Allocate(what, int64(bytes))
	if errors.Is(err, device.ErrMemory) {
		err = fmt.Errorf("%w: %w", backend.ErrMemory, err)
	}
	return m, err
}

// launch queues a kernel.
func (b *Backend) launch(l kernels.Launch, arguments ...device.Slot) error {
	return b.compute.Launch(b.program, l.Name, device.Geometry{Grid: l.Grid, Threads: l.Threads, Shared: l.Shared}, arguments...)
}

func sizeOf(e kernels.Element) int {
	if e == kernels.F32 {
		return 4
	}
	return 2
}

func checkSize(t backend.Tensor) error {
	size := t.DType.Size()
	for _, n := range t.Shape {
		size *= n
	}
	if size != len(t.Data) {
		return fmt.Errorf("%w: tensor %s, %s %v, has %d bytes instead of %d", ErrArgument, t.Name, t.DType, t.Shape, len(t.Data), size)
	}
	return nil
}
