package workloads

import (
	"context"
	"fmt"
	"slices"
	"time"

	"longfirst/bench"
	"longfirst/bench/limits"
	"longfirst/index"
)

// Stride reads the entries of every rank's share through the index's cursor, one rank after the other.
type Stride struct {
	In    *input
	World int

	index *index.Index
	want  []share
	got   []share
}

// share sums up the entries of a rank, in an order that matters.
type share struct {
	records, residues int64
	offsets           uint64
}

func (s *share) add(length, offset int64) {
	s.records++
	s.residues += length
	s.offsets = s.offsets*31 + uint64(offset)
}

func (w *Stride) Name() string { return "stride" }

func (w *Stride) Case() string { return fmt.Sprintf("world=%d/input=%s", w.World, w.In) }

func (w *Stride) Shows() string {
	return "what it costs a rank to walk its share r, r+N, r+2N ... of the sorted order, a record used; the entries between are stepped over"
}

func (w *Stride) Limits() []limits.Limit { return []limits.Limit{oneReader} }

func (w *Stride) Prepare(ctx context.Context, dir string) (err error) {
	if w.index, err = w.In.index(ctx, dir); err != nil {
		return err
	}
	sorted, err := longestFirst(ctx, w.In.paths)
	w.want = make([]share, w.World)
	for i, r := range sorted {
		w.want[i%w.World].add(r.Length, r.Offset)
	}
	return err
}

func (w *Stride) Run(context.Context) error {
	w.got = make([]share, w.World)
	for rank := range w.got {
		s := &w.got[rank]
		for e, err := range w.index.Entries(index.Share(w.index.Len(), rank, w.World)) {
			if err != nil {
				return err
			}
			s.add(e.Length, e.Offset)
		}
	}
	return nil
}

func (w *Stride) Figures(e bench.Elapsed) []bench.Figure {
	n := float64(w.index.Len())
	return []bench.Figure{
		perEach("ns/record", e.Wall, time.Nanosecond, n),
		bench.PerSecond("records/s", n, e.Wall),
	}
}

// Check compares every share with what dealing out a plain scan's sorted records gives.
func (w *Stride) Check(context.Context) error {
	if !slices.Equal(w.got, w.want) {
		return fmt.Errorf("%s: the shares of %d ranks are not those of the sorted file", w.index.Path(), w.World)
	}
	return nil
}

func (w *Stride) Sentence(r *bench.Result) string {
	return fmt.Sprintf("Walking a share of %d: %.1f ns for a record used; every share was compared with the sorted file.", w.World, r.Main().Median)
}

func (w *Stride) Close() error {
	if w.index == nil {
		return nil
	}
	return w.index.Close()
}
