//go:build amd64 && !purego

package cpu

import (
	"math"

	"longfirst/infer/backend"
)

// groupRows is about how many rows of a weight are multiplied by all panels of a tile before the next: few enough to
// stay in the second-level cache beside the tile, and enough that a panel read into the first-level cache is used often.
const groupRows = 64

// panelLinear is dst = src·weightᵀ + bias over panels, or dst += it.
type panelLinear struct {
	*panelStream
	dst, src *panels
	weight   *matrix
	bias     []float32
	add      bool
	group    int                        // finish wants multiples of so many rows
	finish   func(panel, row, rows int) // what to do with rows of a panel that are complete, if not nil
}

// run computes a tile. An output adds its products block of depths by block of depths, in each from the first to the
// last, then the bias, then what dst holds.
func (l *panelLinear) run(t tile, w *scratch) {
	if l.weight.quantized != nil {
		l.runInt8(t, w)
		return
	}
	blocks := (l.weight.k + l.geometry.depth - 1) / l.geometry.depth
	depth := roundUp((l.weight.k+blocks-1)/blocks, 8)
	for k := 0; k < l.weight.k; k += depth {
		l.block(t, w, k, min(depth, l.weight.k-k))
	}
}

// block adds the products of depths [k, k+depth).
func (l *panelLinear) block(t tile, w *scratch, k, depth int) {
	group := l.group * max(1, groupRows/l.group)
	row := 0
	for _, part := range l.weight.parts {
		for n := 0; n < part.Shape[0]; n += group {
			rows := min(group, part.Shape[0]-n)
			weights, stride := l.rows(w, part, n, rows, k, depth)
			for panel := t.from; panel < t.to; panel++ {
				l.multiply(w, weights, stride, k, depth, panel, panel-t.from, row, rows, t.to-t.from)
			}
			row += rows
		}
	}
}

// multiply computes rows of a panel.
func (l *panelLinear) multiply(w *scratch, weights *byte, stride, k, depth, panel, place, row, rows, count int) {
	first, last := k == 0, k+depth == l.weight.k
	out := l.dst.at(panel, row)
	var partial, bias, residual *float32
	if l.add && !(first && last) {
		// dst is still wanted.
		sums := growAligned(&w.partial, count*l.weight.n*l.geometry.panel)
		partial = &sums[(place*l.weight.n+row)*l.geometry.panel]
		if !last {
			out = partial
		}
	} else if !first {
		partial = out
	}
	if first {
		partial = nil
	}
	if last {
		bias = &l.bias[row]
		if l.add {
			residual = out
		}
	}
	l.backend.level.linear(weights, stride, l.src.at(panel, k), depth, rows, partial, bias, residual, out, &growAligned(&w.tile, maxTile)[0])
	if last && l.finish != nil {
		l.finish(panel, row, rows)
	}
}

// rows returns rows [n, n+rows) of a stored tensor at depths [k, k+depth) as float32: where they are stored, or widened.
func (l *panelLinear) rows(w *scratch, part backend.Tensor, n, rows, k, depth int) (weights *byte, stride int) {
	size := part.DType.Size()
	stride = l.weight.k * size
	stored := part.Data[n*stride+k*size:]
	if part.DType == backend.F32 {
		return &stored[0], stride
	}
	return l.backend.level.widenRows(w, part.DType, stored, stride, rows, depth), 4 * depth
}

// LinearQKV projects to queries, keys and values and rotates the first two.
func (s *panelStream) LinearQKV(dst, src backend.Activation, w backend.Matrix, bias, frequencies backend.Vector, heads int) {
	out, in, weight, b, f := dst.(*panels), src.(*panels), w.(*matrix), bias.(*vector), frequencies.(*vector)
	if !s.fitsQKV(out.width, in.width, weight, b, f, heads) {
		return
	}
	third := weight.n / 3
	headDim := third / heads
	turn := s.rotation(f)
	scale := float32(1 / math.Sqrt(float64(headDim)))
	l := &panelLinear{panelStream: s, dst: out, src: in, weight: weight, bias: b.values, group: headDim}
	l.finish = func(panel, row, rows int) {
		for head := row; head < row+rows && head < 2*third; head += headDim {
			factor := float32(1)
			if head < third {
				factor = scale
			}
			s.backend.level.rotate(out.at(panel, head), turn.cos.at(panel, 0), turn.sin.at(panel, 0), headDim/2, factor)
		}
	}
	s.each(l.run)
}

// LinearGELU applies the activation function to a linear layer.
func (s *panelStream) LinearGELU(dst, src backend.Activation, w backend.Matrix, bias backend.Vector) {
	out, in, weight, b := dst.(*panels), src.(*panels), w.(*matrix), bias.(*vector)
	if !s.fitsLinear("gelu", out.width, in.width, weight, b) {
		return
	}
	l := &panelLinear{panelStream: s, dst: out, src: in, weight: weight, bias: b.values, group: s.geometry.rows}
	l.finish = func(panel, row, rows int) { s.backend.level.gelu(out.at(panel, row), rows) }
	s.each(l.run)
}

// LinearAdd adds a linear layer to dst.
func (s *panelStream) LinearAdd(dst, src backend.Activation, w backend.Matrix, bias backend.Vector) {
	out, in, weight, b := dst.(*panels), src.(*panels), w.(*matrix), bias.(*vector)
	if !s.fitsLinear("add", out.width, in.width, weight, b) ||
		!s.fits(out != in, "add", "the source is the destination") {
		return
	}
	l := &panelLinear{panelStream: s, dst: out, src: in, weight: weight, bias: b.values, group: s.geometry.rows, add: true}
	s.each(l.run)
}
