package cpu

// The micro-kernel multiplies kernelRows rows of a left operand by kernelCols rows of a right one: every product of
// the forward pass, in linear layers and in attention, is a dot product of two rows.
const (
	kernelRows   = 2
	kernelCols   = 4
	kernelUnroll = 4 // depths are filled up with zeros to a multiple of this
)

// roundUp returns the multiple of unit at or above n.
func roundUp(n, unit int) int { return (n + unit - 1) / unit * unit }

// dot2x4 adds the dot products of 2 left rows and 4 right rows to top, those of the first left row, and bottom. left is
// [depth][2], right [depth][4]; depth is a multiple of kernelUnroll. Eight sums, two left values and one right value are
// what fits the sixteen registers of amd64; wider tiles measured slower.
func dot2x4(top, bottom *[kernelCols]float64, left, right []float64) {
	var a0, a1, a2, a3, b0, b1, b2, b3 float64
	for len(left) >= kernelUnroll*kernelRows && len(right) >= kernelUnroll*kernelCols {
		x, y, w := left[0], left[1], right[0]
		a0 += x * w
		b0 += y * w
		w = right[1]
		a1 += x * w
		b1 += y * w
		w = right[2]
		a2 += x * w
		b2 += y * w
		w = right[3]
		a3 += x * w
		b3 += y * w

		x, y, w = left[2], left[3], right[4]
		a0 += x * w
		b0 += y * w
		w = right[5]
		a1 += x * w
		b1 += y * w
		w = right[6]
		a2 += x * w
		b2 += y * w
		w = right[7]
		a3 += x * w
		b3 += y * w

		x, y, w = left[4], left[5], right[8]
		a0 += x * w
		b0 += y * w
		w = right[9]
		a1 += x * w
		b1 += y * w
		w = right[10]
		a2 += x * w
		b2 += y * w
		w = right[11]
		a3 += x * w
		b3 += y * w

		x, y, w = left[6], left[7], right[12]
		a0 += x * w
		b0 += y * w
		w = right[13]
		a1 += x * w
		b1 += y * w
		w = right[14]
		a2 += x * w
		b2 += y * w
		w = right[15]
		a3 += x * w
		b3 += y * w

		left = left[kernelUnroll*kernelRows:]
		right = right[kernelUnroll*kernelCols:]
	}
	top[0] += a0
	top[1] += a1
	top[2] += a2
	top[3] += a3
	bottom[0] += b0
	bottom[1] += b1
	bottom[2] += b2
	bottom[3] += b3
}

// interleave writes row into lane of a packed operand of that many lanes: packed[k*lanes+lane] = row[k]. The rest of
// the lane, up to the packed depth, is zeroed.
func interleave(packed []float64, lanes, lane int, row []float32) {
	i := lane
	for _, v := range row {
		packed[i] = float64(v)
		i += lanes
	}
	for ; i < len(packed); i += lanes {
		packed[i] = 0
	}
}
