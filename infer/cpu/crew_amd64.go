//go:build amd64 && !purego

package cpu

import (
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// crew is a fixed set of goroutines that run batches tile by tile. A goroutine keeps a tile of tokens through one
// operation after the other, while its activations are in the core's caches, until the tile has to wait for others that
// hold tokens of its sequences; then it takes another. There is no other order between the tiles of a batch, nor between
// the batches of several streams.
type crew struct {
	mu      sync.Mutex
	work    sync.Cond   // a tile may have become ready
	settled sync.Cond   // a schedule has nothing left to do
	waiting int         // goroutines that wait for work
	batches []*schedule // in hand, the oldest first
	closed  bool
	members sync.WaitGroup
	steps   atomic.Uint64 // run, on all tiles
}

// schedule is a batch in hand: the operations queued so far and how far each tile has come. The crew's mutex guards it.
type schedule struct {
	steps  []step
	across int // steps up to and including the last one that reads other tiles
	tiles  []tileState
	left   int // pairs of step and tile that have not been run
	busy   int // tiles that are being run
	failed *FaultError
}

// step is an operation on one tile at a time.
type step struct {
	run func(t tile, w *scratch)
	// after is how many steps the tiles that share a sequence with a tile must have behind them before it may run: up to
	// this one if it reads them; otherwise those that read this tile, whose input it may overwrite.
	after int
}

// tile is a range of panels [from, to) of a batch.
type tile struct{ from, to int }

type tileState struct {
	tile
	first, last int // tiles that share a sequence with this one, itself included
	done        int // steps
	busy        bool
	seen        int // tiles before this one, from first on, were found to be far enough for the next step
}

func newCrew(threads int) *crew {
	c := new(crew)
	c.work.L, c.settled.L = &c.mu, &c.mu
	for range threads {
		c.members.Go(func() {
			// Weights are mapped files: reading what another process cut off must not end the program.
			debug.SetPanicOnFault(true)
			c.serve(new(scratch))
		})
	}
	return c
}

// begin takes a batch of tiles in hand.
func (c *crew) begin(s *schedule, tiles []tileState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(s.steps)
	*s = schedule{steps: s.steps[:0], tiles: tiles}
	c.batches = append(c.batches, s)
}

// queue appends an operation; spans tells that it reads tokens of other tiles of the same sequences.
func (c *crew) queue(s *schedule, spans bool, run func(t tile, w *scratch)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := step{run: run, after: s.across}
	if spans {
		next.after = len(s.steps)
		s.across = len(s.steps) + 1
	}
	s.steps = append(s.steps, next)
	s.left += len(s.tiles)
	if c.waiting > 0 {
		c.work.Broadcast()
	}
}

// finish waits until the operations queued are done or one has failed, and lets go of the batch.
func (c *crew) finish(s *schedule) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s.busy > 0 || s.left > 0 && s.failed == nil {
		c.settled.Wait()
	}
	for i, other := range c.batches {
		if other == s {
			c.batches = append(c.batches[:i], c.batches[i+1:]...)
			break
		}
	}
	if s.failed != nil {
		return s.failed
	}
	return nil
}

func (c *crew) close() {
	c.mu.Lock()
	c.closed = true
	c.work.Broadcast()
	c.mu.Unlock()
	c.members.Wait()
}

// serve runs tiles until the crew is closed.
func (c *crew) serve(w *scratch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.closed {
		s, t := c.pick()
		if t == nil {
			c.waiting++
			c.work.Wait()
			c.waiting--
			continue
		}
		t.busy = true
		s.busy++
		for s.failed == nil && s.ready(t) {
			c.run(s, t, w)
		}
		t.busy = false
		s.busy--
		if s.busy == 0 && (s.left == 0 || s.failed != nil) {
			c.settled.Broadcast()
		}
	}
}

// run does a tile's next step outside the mutex.
func (c *crew) run(s *schedule, t *tileState, w *scratch) {
	run, place := s.steps[t.done].run, t.tile
	c.mu.Unlock()
	fault := catchFault(func() { run(place, w) })
	c.steps.Add(1)
	c.mu.Lock()
	if fault != nil {
		s.failed = fault
		return
	}
	t.done++
	t.seen = t.first
	s.left--
	if c.waiting > 0 {
		c.work.Broadcast()
	}
}

// pick returns a tile that is ready: of the oldest batch that has one, the tile that is furthest behind.
func (c *crew) pick() (*schedule, *tileState) {
	for _, s := range c.batches {
		var best *tileState
		for i := range s.tiles {
			t := &s.tiles[i]
			if !t.busy && (best == nil || t.done < best.done) && s.failed == nil && s.ready(t) {
				best = t
			}
		}
		if best != nil {
			return s, best
		}
	}
	return nil, nil
}

// ready tells whether a tile's next step may run.
func (s *schedule) ready(t *tileState) bool {
	if t.done == len(s.steps) {
		return false
	}
	after := s.steps[t.done].after
	for ; t.seen <= t.last; t.seen++ {
		if s.tiles[t.seen].done < after {
			return false
		}
	}
	return true
}
