package infer

import "math"

// Pools of the states of a sequence's residues, [n, H] row-major with n at least 1, in one fixed order: they do not depend on
// anything but the states.

// poolMax takes the largest value of each dimension. NaN wins.
func poolMax(dst, states []float32) {
	copy(dst, states)
	for at := len(dst); at < len(states); at += len(dst) {
		for i, v := range states[at : at+len(dst)] {
			dst[i] = max(dst[i], v)
		}
	}
}

// poolStd takes the standard deviation of each dimension, with divisor n, as numpy.std: a single residue has 0. Products are
// wrapped in conversions, which keep a compiler from fusing them with the sum: the same bits on every platform.
func poolStd(dst, states []float32) {
	h := len(dst)
	n := float64(len(states) / h)
	means, squares := make([]float64, h), make([]float64, h)
	for at := 0; at < len(states); at += h {
		for i, v := range states[at : at+h] {
			means[i] += float64(v)
		}
	}
	for i := range means {
		means[i] /= n
	}
	for at := 0; at < len(states); at += h {
		for i, v := range states[at : at+h] {
			d := float64(v) - means[i]
			squares[i] += float64(d * d)
		}
	}
	for i, s := range squares {
		dst[i] = float32(math.Sqrt(s / n))
	}
}
