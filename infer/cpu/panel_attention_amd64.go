//go:build amd64 && !purego

package cpu

import (
	"math"
	"sort"

	"longfirst/infer/backend"
)

// vectorKeys is how many keys are scored before their values are summed: a block of scores stays in the first-level
// cache. Blocks count from the sequence's first token.
const vectorKeys = 256

// Attention computes softmax(q·kᵀ)·v for a panel of queries at a time, with the running maximum and sum of Milakov and
// Gimelshein (arXiv:1805.02867). Scores stand as [key][query], so that everything runs down the columns.
func (s *panelStream) Attention(dst, qkv backend.Activation, heads int) {
	out, in := dst.(*panels), qkv.(*panels)
	if !s.fitsAttention(out.width, in.width, heads) {
		return
	}
	s.spanning(func(t tile, w *scratch) {
		s.sequences(t, func(_, from, to int) {
			a := panelAttention{panelStream: s, dst: out, qkv: in, headDim: out.width / heads, from: from, to: to}
			a.prepare(w)
			first, last := max(t.from, from/s.geometry.panel), min(t.to, (to-1)/s.geometry.panel+1)
			for head := range heads {
				for panel := first; panel < last; panel++ {
					a.run(w, panel, head*a.headDim)
				}
			}
		})
	})
}

// sequenceOf returns the sequence that a token belongs to.
func (s *panelStream) sequenceOf(token int) int {
	return sort.Search(s.batch.Sequences(), func(b int) bool { return int(s.batch.CuSeqlens[b+1]) > token })
}

// panelAttention is one sequence, tokens [from, to).
type panelAttention struct {
	*panelStream
	dst, qkv *panels
	headDim  int
	from, to int

	scores, sums, output []float32
}

func (a *panelAttention) prepare(w *scratch) {
	columns := a.geometry.panel
	a.scores = growAligned(&w.scores, vectorKeys*columns)
	a.sums = growAligned(&w.sums, a.headDim*columns)
	a.output = growAligned(&w.output, a.headDim*columns)
}

// run computes the queries of a panel, of the head whose features begin at column.
func (a *panelAttention) run(w *scratch, panel, column int) {
	columns, l := a.geometry.panel, a.backend.level
	hidden := a.dst.width
	first, end := a.span(panel, a.from, a.to)
	whole := first == 0 && end == columns

	before, maximum, sum, scale := &w.softmax[0], &w.softmax[1], &w.softmax[2], &w.softmax[3]
	for i := range maximum {
		maximum[i], sum[i] = float32(math.Inf(-1)), 0
	}
	queries := a.qkv.at(panel, column)
	out := a.dst.at(panel, column)
	if !whole {
		out = &a.output[0]
	}
	for key := a.from; key < a.to; key += vectorKeys {
		keys := min(vectorKeys, a.to-key)
		place, lane := key/columns, key%columns
		*before = *maximum
		l.scores(queries, a.qkv.at(place, hidden+column), lane, keys, a.headDim, a.qkv.stride(), &a.scores[0], &maximum[0])
		l.softmax(&a.scores[0], keys, &maximum[0], &before[0], &sum[0], &scale[0])

		// The sums so far, the factor that ends them, and where they go.
		var rescale, factor *float32
		to := &a.sums[0]
		if key > a.from {
			rescale = &scale[0]
		}
		if key+keys == a.to {
			for i := range columns {
				before[i] = 1 / sum[i]
			}
			factor, to = &before[0], out
		}
		l.values(&a.scores[0], a.qkv.at(place, 2*hidden+column), lane, keys, a.headDim, a.qkv.stride(), rescale, &a.sums[0], factor, to)
	}
	if !whole {
		// The other columns belong to other sequences, and perhaps to other goroutines.
		for i := range a.headDim {
			copy(a.dst.rows(panel, column+i, 1)[first:end], a.output[i*columns:][first:end])
		}
	}
}
