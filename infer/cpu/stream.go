package cpu

import (
	"fmt"
	"sync"

	"longfirst/infer/backend"
)

// tokenTile is the number of tokens an operation takes at a time. It bounds the working memory of a task and how often a
// panel of weights is widened.
const tokenTile = 64

// queueDepth is how many operations may wait; a caller that is further ahead waits itself.
const queueDepth = 1024

// stream queues the operations of a batch; one goroutine hands them to the pool in order.
type stream struct {
	backend      *Backend
	maxTokens    int
	maxSequences int

	operations chan *job
	pending    sync.WaitGroup // operations not finished
	stopped    sync.WaitGroup
	failed     error // the first failure of the batch, owned by the goroutine until pending is 0
	refused    error // the first operation with bad shapes, owned by the caller

	batch     backend.Batch
	positions []int32 // [T] of a token in its own sequence
	longest   int     // tokens of the longest sequence
	blocks    []int   // [B+1] attention's query blocks before each sequence
}

var _ backend.Stream = (*stream)(nil)

// NewStream starts a stream.
func (b *Backend) NewStream(maxTokens, maxSequences int) (backend.Stream, error) {
	if maxTokens < 1 || maxSequences < 1 {
		return nil, fmt.Errorf("%w: a stream for %d tokens in %d sequences", ErrArgument, maxTokens, maxSequences)
	}
	s := &stream{
		backend:      b,
		maxTokens:    maxTokens,
		maxSequences: maxSequences,
		operations:   make(chan *job, queueDepth),
		positions:    make([]int32, 0, maxTokens),
		blocks:       make([]int, 0, maxSequences+1),
	}
	s.stopped.Go(s.work)
	return s, nil
}

func (s *stream) work() {
	for j := range s.operations {
		if s.failed == nil {
			s.failed = s.backend.pool.do(j)
		}
		s.pending.Done()
	}
}

// queue appends an operation of that many tasks.
func (s *stream) queue(tasks int, run func(task int, w *worker)) {
	if s.refused != nil || tasks == 0 {
		return
	}
	s.pending.Add(1)
	s.operations <- &job{tasks: tasks, run: run}
}

// fits refuses an operation whose shapes disagree; Finish reports it.
func (s *stream) fits(ok bool, operation, format string, args ...any) bool {
	if !ok && s.refused == nil {
		s.refused = fmt.Errorf("%w: %s: %s", ErrArgument, operation, fmt.Sprintf(format, args...))
	}
	return ok
}

// activation is row-major [maxTokens, width].
type activation struct {
	width  int
	values []float32
}

func (a *activation) Width() int { return a.width }

// row returns row t.
func (a *activation) row(t int) []float32 { return a.values[t*a.width : (t+1)*a.width] }

// Activation allocates a buffer.
func (s *stream) Activation(width int) (backend.Activation, error) {
	if width < 1 {
		return nil, fmt.Errorf("%w: an activation of width %d", ErrArgument, width)
	}
	return &activation{width, make([]float32, s.maxTokens*width)}, nil
}

// Begin starts a batch.
func (s *stream) Begin(b backend.Batch) error {
	if n := b.Sequences(); len(b.Tokens) > s.maxTokens || n < 1 || n > s.maxSequences ||
		b.CuSeqlens[0] != 0 || int(b.CuSeqlens[n]) != len(b.Tokens) {
		return fmt.Errorf("%w: a batch of %d tokens in %d sequences, the stream holds %d in %d",
			ErrArgument, len(b.Tokens), n, s.maxTokens, s.maxSequences)
	}
	s.batch, s.failed, s.refused = b, nil, nil
	s.positions, s.longest = s.positions[:0], 0
	s.blocks = append(s.blocks[:0], 0)
	for i := range b.Sequences() {
		length := int(b.CuSeqlens[i+1] - b.CuSeqlens[i])
		for position := range length {
			s.positions = append(s.positions, int32(position))
		}
		s.longest = max(s.longest, length)
		s.blocks = append(s.blocks, s.blocks[i]+(length+queryBlock-1)/queryBlock)
	}
	return nil
}

// tokens returns T of the batch in hand.
func (s *stream) tokens() int { return len(s.batch.Tokens) }

// tiles returns the number of token tiles of the batch.
func (s *stream) tiles() int { return (s.tokens() + tokenTile - 1) / tokenTile }

// tile returns the tokens [from, to) of a tile.
func (s *stream) tile(i int) (from, to int) {
	return i * tokenTile, min((i+1)*tokenTile, s.tokens())
}

// Finish waits for the batch.
func (s *stream) Finish() error {
	s.pending.Wait()
	if s.refused != nil {
		return s.refused
	}
	return s.failed
}

// Close ends the stream after the operations in hand.
func (s *stream) Close() error {
	s.pending.Wait()
	close(s.operations)
	s.stopped.Wait()
	return nil
}
