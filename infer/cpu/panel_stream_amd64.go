//go:build amd64 && !purego

package cpu

import (
	"fmt"

	"longfirst/infer/backend"
)

// scratch is the memory of one goroutine, which its tiles share one after the other.
type scratch struct {
	partial []float32 // sums of a tile over the depths so far
	weights []float32 // widened rows
	tile    []float32 // sums that leave the registers for a while
	scores  []float32 // of a block of keys and a panel of queries
	sums    []float32 // of a head's values
	output  []float32 // of a head, where a panel belongs to several sequences
	row     []float32 // of an embedding
	mean    []float64
	softmax [4][maxPanel]float32
	int8    int8Scratch
}

// panelStream computes with the vector kernels.
type panelStream struct {
	checks
	schedule
	backend  *Backend
	geometry geometry
	running  bool // a batch is in hand
	cutTiles []tileState
	turned   *rotaryPanels // of the batch in hand, once there was an operation that rotates
	memory   rotaryPanels  // that turned uses
}

var _ backend.Stream = (*panelStream)(nil)

func (b *Backend) newPanelStream(c checks) *panelStream {
	return &panelStream{checks: c, backend: b, geometry: b.level.geometry()}
}

// Activation allocates a buffer.
func (s *panelStream) Activation(width int) (backend.Activation, error) {
	if width < 1 {
		return nil, fmt.Errorf("%w: an activation of width %d", ErrArgument, width)
	}
	columns := s.geometry.panel
	return &panels{width, columns, aligned(roundUp(s.maxTokens, columns) * width)}, nil
}

// Begin starts a batch.
func (s *panelStream) Begin(b backend.Batch) error {
	s.settle()
	if err := s.checks.begin(b); err != nil {
		return err
	}
	s.turned = nil
	s.cut()
	s.backend.crew.begin(&s.schedule, s.cutTiles)
	s.running = true
	return nil
}

// panels returns the number of panels of the batch.
func (s *panelStream) panels() int {
	return (s.tokens() + s.geometry.panel - 1) / s.geometry.panel
}

// tilePanels is the most panels of a tile: about 256 tokens, whose panels at one depth of the weights take most of the
// second-level cache.
func (g geometry) tilePanels() int { return 264 / g.panel }

// cut makes tiles of equal size, as many as keep all threads busy, and finds which of them share a sequence.
func (s *panelStream) cut() {
	count, threads := s.panels(), s.backend.threads
	each := s.geometry.tilePanels()
	if rounds := (count + each*threads - 1) / (each * threads); rounds > 0 {
		each = (count + rounds*threads - 1) / (rounds * threads)
	}
	s.cutTiles = s.cutTiles[:0]
	for from := 0; from < count; from += each {
		s.cutTiles = append(s.cutTiles, tileState{tile: tile{from, min(from+each, count)}})
	}
	sequence := 0
	tokens := each * s.geometry.panel
	starts := s.batch.CuSeqlens
	for i := range s.cutTiles {
		t := &s.cutTiles[i]
		for int(starts[sequence+1]) <= i*tokens {
			sequence++
		}
		t.first = int(starts[sequence]) / tokens
		t.seen = t.first
		last := sequence
		for int(starts[last+1]) < min((i+1)*tokens, s.tokens()) {
			last++
		}
		t.last = (int(starts[last+1]) - 1) / tokens
	}
}

// each queues an operation on single tiles; spanning one that also reads the other tokens of a tile's sequences.
func (s *panelStream) each(run func(t tile, w *scratch)) { s.enqueue(false, run) }

func (s *panelStream) spanning(run func(t tile, w *scratch)) { s.enqueue(true, run) }

func (s *panelStream) enqueue(spans bool, run func(t tile, w *scratch)) {
	if s.refused == nil {
		s.backend.crew.queue(&s.schedule, spans, run)
	}
}

// settle waits for the batch in hand, if there is one.
func (s *panelStream) settle() error {
	if !s.running {
		return nil
	}
	s.running = false
	return s.backend.crew.finish(&s.schedule)
}

// Finish waits for the batch.
func (s *panelStream) Finish() error {
	err := s.settle()
	if s.refused != nil {
		return s.refused
	}
	return err
}

// Close ends the stream after the operations in hand.
func (s *panelStream) Close() error {
	s.settle()
	return nil
}

// span returns the tokens of a panel that belong to a sequence's [from, to), as columns.
func (s *panelStream) span(panel, from, to int) (first, end int) {
	start := panel * s.geometry.panel
	return max(from-start, 0), min(to-start, s.geometry.panel)
}

// sequences calls f for each sequence with tokens in a tile, with its tokens [from, to).
func (s *panelStream) sequences(t tile, f func(sequence, from, to int)) {
	begin, end := t.from*s.geometry.panel, min(t.to*s.geometry.panel, s.tokens())
	for i := s.sequenceOf(begin); i < s.batch.Sequences() && int(s.batch.CuSeqlens[i]) < end; i++ {
		f(i, int(s.batch.CuSeqlens[i]), int(s.batch.CuSeqlens[i+1]))
	}
}
