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
	checks
	backend *Backend

	operations chan *job
	pending    sync.WaitGroup // operations not finished
	stopped    sync.WaitGroup
	failed     error // the first failure of the batch, owned by the goroutine until pending is 0

	positions []int32 // [T] of a token in its own sequence
	blocks    []int   // [B+1] attention's query blocks before each sequence
}

var _ backend.Stream = (*stream)(nil)

func (b *Backend) newPlainStream(c checks) *stream {
	s := &stream{
		checks:     c,
		backend:    b,
		operations: make(chan *job, queueDepth),
		positions:  make([]int32, 0, c.maxTokens),
		blocks:     make([]int, 0, c.maxSequences+1),
	}
	s.stopped.Go(s.work)
	return s
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
	if err := s.checks.begin(b); err != nil {
		return err
	}
	s.failed, s.positions = nil, s.positions[:0]
	s.blocks = append(s.blocks[:0], 0)
	for i := range b.Sequences() {
		length := int(b.CuSeqlens[i+1] - b.CuSeqlens[i])
		for position := range length {
			s.positions = append(s.positions, int32(position))
		}
		s.blocks = append(s.blocks, s.blocks[i]+(length+queryBlock-1)/queryBlock)
	}
	return nil
}

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
