//go:build cuda

package cuda

import (
	"errors"

	"longfirst/infer/backend"
	"longfirst/infer/cuda/device"
	"longfirst/infer/cuda/kernels"
)

// result is float32 numbers on their way to the caller: where a kernel writes them, and the pinned memory they are copied
// to. It is kept for the batches that follow.
type result struct {
	memory *device.Memory
	host   *device.Pinned
	to     []float32
}

func (r *result) free() error { return errors.Join(r.memory.Free(), r.host.Free()) }

// result returns the next result of the batch, with room for that many numbers and to be copied to a slice.
func (s *stream) result(room int, to []float32) (*result, error) {
	if s.used < len(s.results) && s.results[s.used].memory.Bytes() >= int64(4*room) {
		r := s.results[s.used]
		r.to = to
		s.used++
		return r, nil
	}
	r := &result{to: to}
	var err error
	if r.memory, err = s.backend.allocate("results", 4*room); err != nil {
		return nil, err
	}
	if r.host, err = s.backend.context.AllocatePinned(4 * room); err != nil {
		return nil, errors.Join(err, r.free())
	}
	if s.used < len(s.results) {
		old := s.results[s.used]
		s.results[s.used] = r
		s.used++
		return r, old.free()
	}
	s.results = append(s.results, r)
	s.used++
	return r, nil
}

// export queues a result's copy to pinned memory.
func (s *stream) export(r *result) error {
	if err := s.computed(); err != nil {
		return err
	}
	return s.backend.copyOut.CopyOut(r.host, 0, 4*len(r.to), r.memory.Address())
}

// MeanPool averages the tokens of each sequence but its first and last.
func (s *stream) MeanPool(dst []float32, src backend.Activation) {
	a := src.(*activation)
	s.run(func() error {
		n := s.batch.Sequences()
		if len(dst) != n*a.width {
			return refuse("room for %d numbers of %d sequences of width %d", len(dst), n, a.width)
		}
		from, err := s.as(kernels.F32, a)
		if err != nil {
			return err
		}
		r, err := s.result(s.maxSequences*a.width, dst)
		if err != nil {
			return err
		}
		if err := s.launch(kernels.Mean(n, a.pitch), device.Slot(r.memory.Address()), from, s.input.slot(s.input.cumulative),
			device.Slot(a.width), device.Slot(a.pitch)); err != nil {
			return err
		}
		return s.export(r)
	}, "mean of [%d, %d] over %d sequences", len(s.batch.Tokens), a.width, s.batch.Sequences())
}

// Read copies an activation.
func (s *stream) Read(dst []float32, src backend.Activation) {
	a := src.(*activation)
	s.run(func() error {
		tokens := len(s.batch.Tokens)
		if len(dst) != tokens*a.width {
			return refuse("room for %d numbers of %d", len(dst), tokens*a.width)
		}
		if a.element == "" {
			return refuse("nothing was written to it")
		}
		r, err := s.result(s.maxTokens*a.width, dst)
		if err != nil {
			return err
		}
		if err := s.launch(kernels.Gather(a.element, kernels.F32, tokens), device.Slot(r.memory.Address()), device.Slot(a.memory.Address()), 0,
			device.Slot(tokens), device.Slot(a.width), device.Slot(a.width), device.Slot(a.pitch)); err != nil {
			return err
		}
		return s.export(r)
	}, "read of [%d, %d]", len(s.batch.Tokens), a.width)
}
