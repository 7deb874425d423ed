package conformance

import "math"

// The reference: each operation as its definition reads, in float64.

// linear returns x·wᵀ + bias for x [T, k] and w [len(bias), k].
func linear(x, w, bias []float64, k int) []float64 {
	n := len(bias)
	y := make([]float64, len(x)/k*n)
	for i := range y {
		t, column := i/n, i%n
		y[i] = bias[column]
		for j := range k {
			y[i] += x[t*k+j] * w[column*k+j]
		}
	}
	return y
}

func layerNorm(x, gain, bias []float64, eps float64) []float64 {
	h := len(gain)
	y := make([]float64, len(x))
	for row := 0; row < len(x); row += h {
		var mean, variance float64
		for i := range h {
			mean += x[row+i] / float64(h)
		}
		for i := range h {
			variance += (x[row+i] - mean) * (x[row+i] - mean) / float64(h)
		}
		for i := range h {
			y[row+i] = (x[row+i]-mean)/math.Sqrt(variance+eps)*gain[i] + bias[i]
		}
	}
	return y
}

// qkv scales the queries and rotates queries and keys of projections [T, 3, heads, d].
func qkv(projections []float64, lengths []int, frequencies []float64, heads, d int) []float64 {
	out := make([]float64, len(projections))
	token := 0
	for _, length := range lengths {
		for position := range length {
			for part := range 3 * heads {
				at := (token*3*heads + part) * d
				in, to := projections[at:at+d], out[at:at+d]
				third := part / heads
				if third == 2 {
					copy(to, in)
					continue
				}
				scale := 1.0
				if third == 0 {
					scale = 1 / math.Sqrt(float64(d))
				}
				for i, frequency := range frequencies {
					sin, cos := math.Sincos(float64(position) * frequency)
					a, b := in[i]*scale, in[i+d/2]*scale
					to[i], to[i+d/2] = a*cos-b*sin, b*cos+a*sin
				}
			}
			token++
		}
	}
	return out
}

// attention returns softmax(q·kᵀ)·v for x [T, 3, heads, d].
func attention(x []float64, lengths []int, heads, d int) []float64 {
	h := heads * d
	out := make([]float64, len(x)/3)
	first := 0
	for _, length := range lengths {
		for head := range heads {
			part := func(token, third int) []float64 {
				at := (first+token)*3*h + third*h + head*d
				return x[at : at+d]
			}
			for query := range length {
				scores := make([]float64, length)
				maximum := math.Inf(-1)
				for key := range scores {
					for i := range d {
						scores[key] += part(query, 0)[i] * part(key, 1)[i]
					}
					maximum = max(maximum, scores[key])
				}
				var sum float64
				for key := range scores {
					scores[key] = math.Exp(scores[key] - maximum)
					sum += scores[key]
				}
				to := out[(first+query)*h+head*d:][:d]
				for key := range scores {
					for i := range d {
						to[i] += scores[key] / sum * part(key, 2)[i]
					}
				}
			}
		}
		first += length
	}
	return out
}

// meanPool averages over each sequence without its first and last token.
func meanPool(x []float64, lengths []int, h int) []float64 {
	out := make([]float64, len(lengths)*h)
	first := 0
	for b, length := range lengths {
		for token := 1; token < length-1; token++ {
			for i := range h {
				out[b*h+i] += x[(first+token)*h+i] / float64(length-2)
			}
		}
		first += length
	}
	return out
}
