//go:build cuda

package cuda

import (
	"errors"
	"fmt"

	"longfirst/infer/backend"
	"longfirst/infer/cuda/device"
	"longfirst/infer/cuda/kernels"
)

// stream runs one batch at a time on the queues that all streams of a backend share.
type stream struct {
	backend      *Backend
	maxTokens    int
	maxSequences int

	batch   backend.Batch
	longest int   // tokens of the longest sequence
	failed  error // the first failure of the batch

	input   *input
	ready   *device.Event // the batch is on the device
	done    *device.Event // everything queued so far is computed
	arrived *device.Event // the results are in pinned memory

	maps        hopper
	activations []*activation
	scratch     map[int]*device.Memory // by width: an activation in another type
	results     []*result              // used ones first
	used        int
}

// activation is [maxTokens, Pitch(width)] in the type that the last operation that wrote it has.
type activation struct {
	width, pitch int
	element      kernels.Element
	memory       *device.Memory // room for float32
}

func (a *activation) Width() int { return a.width }

// bytesOfToken is what a token takes on the device with activations of that width in all: room for float32, tokens,
// positions, work items and results.
func bytesOfToken(width int) int { return 4*width + 64 }

// NewStream starts a stream. Its memory is allocated here and by Activation, and by the first batch that needs more.
func (b *Backend) NewStream(maxTokens, maxSequences int) (backend.Stream, error) {
	if maxTokens < 1 || maxSequences < 1 {
		return nil, fmt.Errorf("%w: a stream for %d tokens in %d sequences", ErrArgument, maxTokens, maxSequences)
	}
	s := &stream{backend: b, maxTokens: maxTokens, maxSequences: maxSequences, scratch: make(map[int]*device.Memory)}
	var err error
	if s.input, err = b.newInput(maxTokens, maxSequences); err != nil {
		return nil, err
	}
	for _, e := range []**device.Event{&s.ready, &s.done, &s.arrived} {
		if *e, err = b.context.NewEvent(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// Activation allocates a buffer.
func (s *stream) Activation(width int) (backend.Activation, error) {
	if width < 1 {
		return nil, fmt.Errorf("%w: an activation of width %d", ErrArgument, width)
	}
	a := &activation{width: width, pitch: kernels.Pitch(width)}
	var err error
	if a.memory, err = s.backend.allocate(fmt.Sprintf("an activation [%d, %d]", s.maxTokens, width), 4*s.maxTokens*a.pitch); err != nil {
		return nil, err
	}
	s.activations = append(s.activations, a)
	return a, nil
}

// Begin copies a batch to the device.
func (s *stream) Begin(b backend.Batch) error {
	n := b.Sequences()
	if len(b.Tokens) > s.maxTokens || n < 1 || n > s.maxSequences || b.CuSeqlens[0] != 0 || int(b.CuSeqlens[n]) != len(b.Tokens) {
		return fmt.Errorf("%w: a batch of %d tokens in %d sequences, the stream holds %d in %d",
			ErrArgument, len(b.Tokens), n, s.maxTokens, s.maxSequences)
	}
	s.batch, s.failed, s.used, s.longest = b, nil, 0, 0
	for i := range n {
		s.longest = max(s.longest, int(b.CuSeqlens[i+1]-b.CuSeqlens[i]))
	}
	for _, a := range s.activations {
		a.element = ""
	}
	return s.backend.classify(s.send(b))
}

// send queues the copy of a batch, and makes what is computed from now on wait for it.
func (s *stream) send(b backend.Batch) error {
	queues := s.backend
	if err := s.input.send(queues.copyIn, b); err != nil {
		return err
	}
	if err := queues.copyIn.Record(s.ready); err != nil {
		return err
	}
	return queues.compute.After(s.ready)
}

// Finish waits for the batch.
func (s *stream) Finish() error {
	if s.failed == nil {
		s.failed = s.arrive()
	}
	if s.failed != nil {
		return s.backend.classify(s.failed)
	}
	for _, r := range s.results[:s.used] {
		copy(r.to, r.host.Floats(0, len(r.to)))
	}
	return nil
}

// arrive waits until everything is computed and copied.
func (s *stream) arrive() error {
	queues := s.backend
	if err := s.computed(); err != nil {
		return err
	}
	if err := queues.copyOut.Record(s.arrived); err != nil {
		return err
	}
	if err := s.arrived.Wait(); err != nil {
		return fmt.Errorf("a batch of %d tokens in %d sequences: %w; %s=1 names the operation", len(s.batch.Tokens), s.batch.Sequences(), err, checkVariable)
	}
	return nil
}

// computed lets what is queued for copying out wait until everything queued so far is computed.
func (s *stream) computed() error {
	if err := s.backend.compute.Record(s.done); err != nil {
		return err
	}
	return s.backend.copyOut.After(s.done)
}

// Close frees the stream's memory, after what is queued.
func (s *stream) Close() (err error) {
	for _, a := range s.activations {
		err = errors.Join(err, a.memory.Free())
	}
	for _, m := range s.scratch {
		err = errors.Join(err, m.Free())
	}
	for _, r := range s.results {
		err = errors.Join(err, r.free())
	}
	for _, e := range []*device.Event{s.ready, s.done, s.arrived} {
		err = errors.Join(err, e.Close())
	}
	return errors.Join(err, s.maps.free(), s.input.free())
}
