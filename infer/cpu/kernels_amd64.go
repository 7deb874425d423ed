//go:build amd64 && !purego

package cpu

// geometry is how a level's kernels cut their operands.
type geometry struct {
	panel int // tokens side by side
	rows  int // of a tile of sums: groups of so many rows run fastest
	lanes int // numbers in a vector
	depth int // the most depths in one call: a panel of so many stays in the second-level cache beside the weights
}

func (l level) geometry() geometry {
	if l == avx512 {
		return geometry{panel: 48, rows: 8, lanes: 16, depth: 320}
	}
	return geometry{panel: 24, rows: 4, lanes: 8, depth: 640}
}

// maxPanel is the panel of the widest level, maxTile the numbers in its registers for sums.
const (
	maxPanel = 48
	maxTile  = 8 * maxPanel
)

// The kernels of a level; the generated declarations say what each computes.

func (l level) linear(weights *byte, stride int, x *float32, depth, rows int, partial, bias, residual, out, tile *float32) {
	if l == avx512 {
		linearAVX512(weights, stride, x, depth, rows, partial, bias, residual, out, tile)
		return
	}
	linearAVX2(weights, stride, x, depth, rows, partial, bias, residual, out, tile)
}

func (l level) scores(queries, keys *float32, first, n, depth, stride int, scores, maximum *float32) {
	if l == avx512 {
		scoresAVX512(queries, keys, first, n, depth, stride, scores, maximum)
		return
	}
	scoresAVX2(queries, keys, first, n, depth, stride, scores, maximum)
}

func (l level) values(weights, values *float32, first, n, rows, stride int, scale, sums, factor, out *float32) {
	if l == avx512 {
		valuesAVX512(weights, values, first, n, rows, stride, scale, sums, factor, out)
		return
	}
	valuesAVX2(weights, values, first, n, rows, stride, scale, sums, factor, out)
}

func (l level) softmax(scores *float32, n int, maximum, before, sum, scale *float32) {
	if l == avx512 {
		softmaxAVX512(scores, n, maximum, before, sum, scale)
		return
	}
	softmaxAVX2(scores, n, maximum, before, sum, scale)
}

func (l level) gelu(x *float32, rows int) {
	if l == avx512 {
		geluAVX512(x, rows)
		return
	}
	geluAVX2(x, rows)
}

func (l level) norm(out, x, gain, bias *float32, rows int, eps float32) {
	if l == avx512 {
		normAVX512(out, x, gain, bias, rows, float32(rows), eps)
		return
	}
	normAVX2(out, x, gain, bias, rows, float32(rows), eps)
}

func (l level) rotate(x, cos, sin *float32, half int, scale float32) {
	if l == avx512 {
		rotateAVX512(x, cos, sin, half, scale)
		return
	}
	rotateAVX2(x, cos, sin, half, scale)
}

func (l level) widenF16(dst *float32, src *byte, vectors int) {
	if l == avx512 {
		widenF16AVX512(dst, src, vectors)
		return
	}
	widenF16AVX2(dst, src, vectors)
}

func (l level) widenBF16(dst *float32, src *byte, vectors int) {
	if l == avx512 {
		widenBF16AVX512(dst, src, vectors)
		return
	}
	widenBF16AVX2(dst, src, vectors)
}
