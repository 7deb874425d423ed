package cpu

import (
	"math"

	"longfirst/infer/backend"
)

// Embed looks the tokens up.
func (s *stream) Embed(dst backend.Activation, table backend.Matrix, scale float32) {
	out, rows := dst.(*activation), table.(*matrix)
	if !s.fitsEmbed(out.width, rows) {
		return
	}
	s.queue(s.tiles(), func(task int, _ *worker) {
		from, to := s.tile(task)
		for token := from; token < to; token++ {
			row := out.row(token)
			rows.row(row, int(s.batch.Tokens[token]), 0)
			for i := range row {
				row[i] *= scale
			}
		}
	})
}

// LayerNorm normalizes each row.
func (s *stream) LayerNorm(dst, src backend.Activation, gain, bias backend.Vector, eps float32) {
	out, in, g, b := dst.(*activation), src.(*activation), gain.(*vector), bias.(*vector)
	if !s.fitsNorm(out.width, in.width, g, b) {
		return
	}
	s.queue(s.tiles(), func(task int, _ *worker) {
		from, to := s.tile(task)
		for token := from; token < to; token++ {
			layerNorm(out.row(token), in.row(token), g.values, b.values, eps)
		}
	})
}

func layerNorm(dst, src, gain, bias []float32, eps float32) {
	n := float64(len(src))
	var sum float64
	for _, v := range src {
		sum += float64(v)
	}
	mean := sum / n
	var squares float64
	for _, v := range src {
		d := float64(v) - mean
		squares += float64(d * d)
	}
	scale := 1 / math.Sqrt(squares/n+float64(eps))
	for i, v := range src {
		normed := float64((float64(v) - mean) * scale)
		dst[i] = float32(float64(normed*float64(gain[i])) + float64(bias[i]))
	}
}

// MeanPool averages over residues: the tokens of a sequence without its first and last.
func (s *stream) MeanPool(dst []float32, src backend.Activation) {
	in := src.(*activation)
	if !s.fitsMean(dst, in.width) {
		return
	}
	s.queue(s.batch.Sequences(), func(task int, w *worker) {
		first, last := int(s.batch.CuSeqlens[task])+1, int(s.batch.CuSeqlens[task+1])-1
		sums := grow(&w.sums, in.width)
		clear(sums)
		for token := first; token < last; token++ {
			for i, v := range in.row(token) {
				sums[i] += float64(v)
			}
		}
		mean := dst[task*in.width:][:in.width]
		residues := float64(max(last-first, 1))
		for i, sum := range sums {
			mean[i] = float32(sum / residues)
		}
	})
}

// Read copies an activation to host memory.
func (s *stream) Read(dst []float32, src backend.Activation) {
	in := src.(*activation)
	if !s.fitsRead(dst, in.width) {
		return
	}
	s.queue(1, func(int, *worker) { copy(dst, in.values) })
}
