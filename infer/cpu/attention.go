package cpu

import (
	"math"
	"sort"

	"longfirst/infer/backend"
)

const (
	// queryBlock is how many queries of one head a task takes: they share the packing of keys and values.
	queryBlock = 128
	// keyBlock is how many keys are scored before their values are summed. Blocks count from the sequence's first token.
	keyBlock = 64
)

// Attention computes softmax(q·kᵀ)·v with the running maximum and sum of Milakov and Gimelshein (arXiv:1805.02867), block
// of keys by block of keys, so that scores take queryBlock * keyBlock numbers whatever the length of the sequence.
func (s *stream) Attention(dst, qkv backend.Activation, heads int) {
	out, in := dst.(*activation), qkv.(*activation)
	if !s.fitsAttention(out.width, in.width, heads) {
		return
	}
	s.queue(s.blocks[len(s.blocks)-1]*heads, func(task int, w *worker) {
		sequence, block := s.queryBlock(task / heads)
		headDim := out.width / heads
		a := attention{
			qkv: in, dst: out, hidden: out.width, headDim: headDim, column: task % heads * headDim,
			first: int(s.batch.CuSeqlens[sequence]), end: int(s.batch.CuSeqlens[sequence+1]),
		}
		a.run(w, a.first+block*queryBlock)
	})
}

// queryBlock finds the sequence that a query block of the batch belongs to, and its number there.
func (s *stream) queryBlock(i int) (sequence, block int) {
	sequence = sort.Search(s.batch.Sequences(), func(b int) bool { return s.blocks[b+1] > i })
	return sequence, i - s.blocks[sequence]
}

// attention is one head of one sequence, tokens [first, end).
type attention struct {
	qkv, dst   *activation
	hidden     int // H
	headDim    int // D
	column     int // of the head
	first, end int
}

// part returns the head's query (0), key (1) or value (2) of a token.
func (a *attention) part(third, token int) []float32 {
	return a.qkv.row(token)[third*a.hidden+a.column:][:a.headDim]
}

// running is a query's state over the key blocks seen so far.
type running struct {
	maximum float64 // of the scores
	sum     float64 // of exp(score - maximum)
}

// run computes the queries from a token on, up to queryBlock of them.
func (a *attention) run(w *worker, from int) {
	queries := min(queryBlock, a.end-from)
	rows := roundUp(queries, kernelRows)
	depth := roundUp(a.headDim, kernelUnroll)
	width := roundUp(a.headDim, kernelCols)

	// The left buffer holds the packed queries [pair][depth][2], then the packed probabilities [pair][keys][2].
	left := grow(&w.left, rows*(depth+keyBlock))
	query, probability := left[:rows*depth], left[rows*depth:]
	for r := range rows {
		var row []float32
		if r < queries {
			row = a.part(0, from+r)
		}
		pair := r / kernelRows * kernelRows
		interleave(query[pair*depth:][:depth*kernelRows], kernelRows, r%kernelRows, row)
	}
	scores := grow(&w.sums, rows*keyBlock)
	output := grow(&w.output, rows*width)
	clear(output)
	var states [queryBlock]running
	for r := range states {
		states[r].maximum = math.Inf(-1)
	}

	for key := a.first; key < a.end; key += keyBlock {
		keys := min(keyBlock, a.end-key)
		a.score(w, scores, query, depth, key, keys)
		packed := roundUp(keys, kernelUnroll)
		for r := range rows {
			pair := r / kernelRows * kernelRows
			lane := probability[pair*packed:][:packed*kernelRows]
			states[r].absorb(scores[r*keyBlock:][:keys], lane[r%kernelRows:], output[r*width:][:width])
		}
		a.gather(w, output, width, probability, packed, key, keys)
	}
	for r := range queries {
		row := a.dst.row(from + r)[a.column:][:a.headDim]
		for i := range row {
			row[i] = float32(output[r*width+i] / states[r].sum)
		}
	}
}

// score writes q·kᵀ of all queries and a block of keys to scores [rows, keyBlock].
func (a *attention) score(w *worker, scores, query []float64, depth, key, keys int) {
	clear(scores)
	right := grow(&w.right, depth*kernelCols)
	for c := 0; c < keys; c += kernelCols {
		for lane := range kernelCols {
			var row []float32
			if c+lane < keys {
				row = a.part(1, key+c+lane)
			}
			interleave(right, kernelCols, lane, row)
		}
		for r := 0; r*depth < len(query); r += kernelRows {
			top := (*[kernelCols]float64)(scores[r*keyBlock+c:])
			bottom := (*[kernelCols]float64)(scores[(r+1)*keyBlock+c:])
			dot2x4(top, bottom, query[r*depth:][:depth*kernelRows], right)
		}
	}
}

// absorb turns a block of scores into probabilities relative to the maximum so far, every kernelRows-th element of
// lane, zeros behind them, and rescales what was summed relative to the maximum before.
func (s *running) absorb(scores, lane, output []float64) {
	maximum := s.maximum
	for _, v := range scores {
		if v > maximum {
			maximum = v
		}
	}
	if maximum > s.maximum {
		scale := exp(s.maximum - maximum)
		s.sum *= scale
		for i := range output {
			output[i] *= scale
		}
		s.maximum = maximum
	}
	i := 0
	for _, v := range scores {
		// As float32, so that its products with values are exact.
		p := float64(float32(exp(v - maximum)))
		s.sum += p
		lane[i] = p
		i += kernelRows
	}
	for ; i < len(lane); i += kernelRows {
		lane[i] = 0
	}
}

// gather adds probability·value of a block of keys to output [rows, width].
func (a *attention) gather(w *worker, output []float64, width int, probability []float64, packed, key, keys int) {
	right := grow(&w.right, packed*kernelCols)
	for c := 0; c < a.headDim; c += kernelCols {
		clear(right)
		for k := range keys {
			for lane, v := range a.part(2, key+k)[c:min(c+kernelCols, a.headDim)] {
				right[k*kernelCols+lane] = float64(v)
			}
		}
		for r := 0; r*width < len(output); r += kernelRows {
			top := (*[kernelCols]float64)(output[r*width+c:])
			bottom := (*[kernelCols]float64)(output[(r+1)*width+c:])
			dot2x4(top, bottom, probability[r*packed:][:packed*kernelRows], right)
		}
	}
}
