//go:build amd64 && !purego

package cpu

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
)

// TestCrewOrder runs random operations over random tiles on several goroutines, two batches at a time, and checks that
// none reads a tile that is not far enough, none writes one that is still read, and every pair runs once.
func TestCrewOrder(t *testing.T) {
	c := newCrew(4)
	defer c.close()
	r := rand.New(rand.NewPCG(3, 4))
	var schedules [2]schedule
	for round := range 60 {
		s := &schedules[round%2]
		tiles := randomTiles(r)
		progress := make([]atomic.Int64, len(tiles))
		c.begin(s, tiles)
		spanned := 0 // steps up to the last one that reads neighbours
		steps := 1 + r.IntN(40)
		for i := range steps {
			spans := r.IntN(3) == 0
			after := spanned
			if spans {
				after, spanned = i, i+1
			}
			c.queue(s, spans, func(place tile, _ *scratch) {
				own := place.from
				if got := progress[own].Load(); got != int64(i) {
					t.Errorf("step %d of tile %d ran as its step %d", i, own, got)
				}
				for n := tiles[own].first; n <= tiles[own].last; n++ {
					if got := progress[n].Load(); got < int64(after) {
						t.Errorf("step %d of tile %d ran when tile %d was at %d of %d", i, own, n, got, after)
					}
				}
				if r := i * own % 3; r == 0 {
					runtime.Gosched()
				}
				progress[own].Add(1)
			})
		}
		if err := c.finish(s); err != nil {
			t.Fatal(err)
		}
		for i := range progress {
			if got := progress[i].Load(); got != int64(steps) {
				t.Fatalf("tile %d ran %d of %d steps", i, got, steps)
			}
		}
	}
}

// randomTiles returns tiles of a panel each, in runs that share a sequence.
func randomTiles(r *rand.Rand) []tileState {
	tiles := make([]tileState, 1+r.IntN(12))
	for i := range tiles {
		tiles[i] = tileState{tile: tile{i, i + 1}, first: i, last: i}
	}
	for i := 1; i < len(tiles); i++ {
		if r.IntN(3) > 0 { // a sequence from the tile before goes on in this one
			tiles[i].first = i - 1
			tiles[i-1].last = i
			if r.IntN(2) > 0 { // and has begun even earlier
				for tiles[i].first > 0 && tiles[tiles[i].first].first < tiles[i].first {
					tiles[i].first = tiles[tiles[i].first].first
				}
				for j := tiles[i].first; j < i; j++ {
					tiles[j].last = i
				}
			}
		}
	}
	for i := range tiles {
		tiles[i].seen = tiles[i].first
	}
	return tiles
}

// fault is a memory fault as the runtime raises it.
type fault struct{ error }

func (fault) Addr() uintptr { return 0xf00 }

// TestCrewFault checks that a fault ends its batch, and neither another nor the next one.
func TestCrewFault(t *testing.T) {
	c := newCrew(2)
	defer c.close()
	var bad, good schedule
	var after atomic.Int64
	c.begin(&bad, randomTiles(rand.New(rand.NewPCG(1, 1))))
	c.begin(&good, []tileState{{tile: tile{0, 1}}})
	c.queue(&bad, false, func(tile, *scratch) { panic(fault{errors.New("fault")}) })
	c.queue(&bad, true, func(tile, *scratch) { after.Add(1) })
	c.queue(&good, false, func(tile, *scratch) { after.Add(10) })
	var want *FaultError
	if err := c.finish(&bad); !errors.As(err, &want) || want.Address != 0xf00 || !errors.Is(err, ErrFault) {
		t.Errorf("got %v", err)
	}
	if err := c.finish(&good); err != nil || after.Load() != 10 {
		t.Errorf("the batch beside it: %v, %d", err, after.Load())
	}
	c.begin(&bad, []tileState{{tile: tile{0, 1}}})
	c.queue(&bad, false, func(tile, *scratch) {})
	if err := c.finish(&bad); err != nil {
		t.Errorf("the next batch: got %v", err)
	}
}
