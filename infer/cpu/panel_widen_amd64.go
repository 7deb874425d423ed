//go:build amd64 && !purego

package cpu

import "longfirst/infer/backend"

// widenRows converts rows of stored halves, stride bytes apart, to [rows][depth] in the goroutine's memory. Each is used
// for all panels of a tile, so that this costs little beside their products.
func (l level) widenRows(w *scratch, dtype backend.DType, stored []byte, stride, rows, depth int) *byte {
	weights := growAligned(&w.weights, rows*depth)
	vectors := depth / l.geometry().lanes
	whole := vectors * l.geometry().lanes
	for r := range rows {
		from, to := stored[r*stride:], weights[r*depth:][:depth]
		switch {
		case vectors == 0:
		case dtype == backend.F16:
			l.widenF16(&to[0], &from[0], vectors)
		default:
			l.widenBF16(&to[0], &from[0], vectors)
		}
		dtype.Widen(to[whole:], from[2*whole:])
	}
	return asBytes(weights)
}
