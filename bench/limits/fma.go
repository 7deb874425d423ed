package limits

// fmaLoop keeps the multiply-add units busy with values that never leave the registers.
type fmaLoop struct {
	level string
	width int // numbers that one turn works on

	// run takes n turns, 1 <= n < 2^24. In each turn every one of width numbers, zero at first, is multiplied by one or
	// added a product of ones, so that it ends as n: the proof that the operations counted were done. There are at least
	// 8 independent numbers or vectors of them, enough to cover the latency of the units.
	run func(n int64, sums []float32)
}

// flopsPerTurn counts a multiplication and an addition for each number.
func (l fmaLoop) flopsPerTurn() int64 { return 2 * int64(l.width) }

// maxWidth is the largest width.
const maxWidth = 24 * 16

// FMALevel names the FMA loop of this machine: avx512, avx2 or scalar.
func FMALevel() string { return fmaLoops[0].level }

// fmaLoops are the loops that run on this machine, the widest first.
var fmaLoops = append(vectorLoops(), fmaLoop{"scalar", scalarWidth, scalarFMA})

const scalarWidth = 10

// one is a variable so that the compiler does not know its value.
var one float32 = 1

// scalarFMA works on one number at a time. Go fuses the two operations on processors where fusing is always there, such
// as arm64's.
func scalarFMA(n int64, sums []float32) {
	x := one
	var a, b, c, d, e, f, g, h, i, j float32
	for ; n > 0; n-- {
		a = a*x + x
		b = b*x + x
		c = c*x + x
		d = d*x + x
		e = e*x + x
		f = f*x + x
		g = g*x + x
		h = h*x + x
		i = i*x + x
		j = j*x + x
	}
	copy(sums, []float32{a, b, c, d, e, f, g, h, i, j})
}
