package cpu

import "longfirst/infer/backend"

const (
	// columnTile is about how many output columns a task computes; the exact number is a multiple of what the operation
	// needs side by side.
	columnTile = 256
	// depthTile is how many products are added before the sum goes to memory: a panel of weights [depthTile][4] stays
	// in the first-level cache.
	depthTile = 512
)

// linear computes src·weightᵀ and gives each finished row of a tile to finish: its token, its first column and the
// products, without bias. Columns of one group come in one call.
type linear struct {
	stream *stream
	src    *activation
	weight *matrix
	finish func(token, column int, products []float64)

	columns int // of a task
	spans   int // tasks side by side
}

// linear queues the operation. A group is how many columns finish needs at once.
func (s *stream) linear(src *activation, weight *matrix, group int, finish func(token, column int, products []float64)) {
	columns := min(weight.n, max(group, columnTile/group*group))
	l := &linear{s, src, weight, finish, columns, (weight.n + columns - 1) / columns}
	s.queue(s.tiles()*l.spans, l.run)
}

func (l *linear) run(task int, w *worker) {
	from, to := l.stream.tile(task / l.spans)
	column := task % l.spans * l.columns
	width := min(l.columns, l.weight.n-column)
	stride := roundUp(width, kernelCols)

	sums := grow(&w.sums, roundUp(to-from, kernelRows)*stride)
	clear(sums)
	if l.weight.quantized != nil {
		l.accumulateInt8(w, sums, stride, from, to, column, width)
	} else {
		for k := 0; k < l.weight.k; k += depthTile {
			l.accumulate(w, sums, stride, from, to, column, width, k, min(depthTile, l.weight.k-k))
		}
	}
	for token := from; token < to; token++ {
		l.finish(token, column, sums[(token-from)*stride:][:width])
	}
}

// accumulate adds the products of depths [k, k+depth) to sums [to-from, stride].
func (l *linear) accumulate(w *worker, sums []float64, stride, from, to, column, width, k, depth int) {
	packed := roundUp(depth, kernelUnroll)
	left := l.packTokens(w, from, to, k, depth, packed)
	right := grow(&w.right, packed*kernelCols)
	for c := 0; c < width; c += kernelCols {
		l.packWeights(w, right, column+c, min(kernelCols, width-c), k, depth)
		for r := 0; r < to-from; r += kernelRows {
			top := (*[kernelCols]float64)(sums[r*stride+c:])
			bottom := (*[kernelCols]float64)(sums[(r+1)*stride+c:])
			dot2x4(top, bottom, left[r*packed:][:packed*kernelRows], right)
		}
	}
}

// packTokens interleaves the tokens' rows pair by pair: [pair][packed][kernelRows].
func (l *linear) packTokens(w *worker, from, to, k, depth, packed int) []float64 {
	rows := roundUp(to-from, kernelRows)
	left := grow(&w.left, rows*packed)
	for r := range rows {
		var row []float32
		if from+r < to {
			row = l.src.row(from + r)[k : k+depth]
		}
		pair := r / kernelRows * kernelRows
		interleave(left[pair*packed:][:packed*kernelRows], kernelRows, r%kernelRows, row)
	}
	return left
}

// packWeights interleaves up to kernelCols rows of the weight: [packed][kernelCols].
func (l *linear) packWeights(w *worker, right []float64, row, rows, k, depth int) {
	widened := grow(&w.row, depth)
	for lane := range kernelCols {
		if lane >= rows {
			interleave(right, kernelCols, lane, nil)
			continue
		}
		l.weight.row(widened, row+lane, k)
		interleave(right, kernelCols, lane, widened)
	}
}

// LinearQKV projects to queries, keys and values and rotates the first two.
func (s *stream) LinearQKV(dst, src backend.Activation, w backend.Matrix, bias, frequencies backend.Vector, heads int) {
	out, in, weight, b, f := dst.(*activation), src.(*activation), w.(*matrix), bias.(*vector), frequencies.(*vector)
	if !s.fitsQKV(out.width, in.width, weight, b, f, heads) {
		return
	}
	third := weight.n / 3
	headDim := third / heads
	rotation := s.backend.rotation(f, s.longest)
	scale := queryScale(headDim)
	s.linear(in, weight, headDim, func(token, column int, products []float64) {
		row := out.row(token)[column:]
		for i, bias := range b.values[column : column+len(products)] {
			products[i] += float64(bias)
		}
		for h := 0; h < len(products); h += headDim {
			head := products[h : h+headDim]
			switch (column + h) / third {
			case 0:
				for i := range head {
					head[i] *= scale
				}
				rotation.turn(row[h:h+headDim], head, int(s.positions[token]))
			case 1:
				rotation.turn(row[h:h+headDim], head, int(s.positions[token]))
			default:
				round(row[h:h+headDim], head)
			}
		}
	})
}

// LinearGELU applies the activation function to a linear layer.
func (s *stream) LinearGELU(dst, src backend.Activation, w backend.Matrix, bias backend.Vector) {
	out, in, weight, b := dst.(*activation), src.(*activation), w.(*matrix), bias.(*vector)
	if !s.fitsLinear("gelu", out.width, in.width, weight, b) {
		return
	}
	s.linear(in, weight, kernelCols, func(token, column int, products []float64) {
		row := out.row(token)[column:]
		for i, product := range products {
			row[i] = float32(gelu(product + float64(b.values[column+i])))
		}
	})
}

// LinearAdd adds a linear layer to dst.
func (s *stream) LinearAdd(dst, src backend.Activation, w backend.Matrix, bias backend.Vector) {
	out, in, weight, b := dst.(*activation), src.(*activation), w.(*matrix), bias.(*vector)
	if !s.fitsLinear("add", out.width, in.width, weight, b) ||
		!s.fits(out != in, "add", "the source is the destination") {
		return
	}
	s.linear(in, weight, kernelCols, func(token, column int, products []float64) {
		row := out.row(token)[column:]
		for i, product := range products {
			row[i] = float32(float64(row[i]) + (product + float64(b.values[column+i])))
		}
	})
}

// round writes src to dst as float32.
func round(dst []float32, src []float64) {
	for i, v := range src {
		dst[i] = float32(v)
	}
}
