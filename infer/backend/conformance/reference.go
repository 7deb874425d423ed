package conformance

import "math"

// The reference: each operation as its definition reads, in float64.

// linear returns x·wᵀ + bias for x [T, k] and w [len(bias), k], and the sums of the sizes of what is added.
func linear(x, w, bias []float64, k int) (y, sizes []float64) {
	n := len(bias)
	y, sizes = make([]float64, len(x)/k*n), make([]float64, len(x)/k*n)
	for i := range y {
		t, column := i/n, i%n
		y[i], sizes[i] = bias[column], math.Abs(bias[column])
		for j := range k {
			product := x[t*k+j] * w[column*k+j]
			y[i] += product
			sizes[i] += math.Abs(product)
		}
	}
	return y, sizes
}

// layerNorm returns the norms, and how large they would be if the mean were not subtracted.
func layerNorm(x, gain, bias []float64, eps float64) (y, sizes []float64) {
	h := len(gain)
	y, sizes = make([]float64, len(x)), make([]float64, len(x))
	for row := 0; row < len(x); row += h {
		var mean, variance, largest float64
		for i := range h {
			mean += x[row+i] / float64(h)
			largest = max(largest, math.Abs(x[row+i]))
		}
		for i := range h {
			variance += (x[row+i] - mean) * (x[row+i] - mean) / float64(h)
		}
		for i := range h {
			scale := math.Abs(gain[i]) / math.Sqrt(variance+eps)
			y[row+i] = (x[row+i]-mean)/math.Sqrt(variance+eps)*gain[i] + bias[i]
			sizes[row+i] = largest*scale + math.Abs(bias[i])
		}
	}
	return y, sizes
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

// attention returns softmax(q·kᵀ)·v for x [T, 3, heads, d], and how large a number each is a result of: an error of a
// score, which is a sum as well, is a relative error of the key's weight.
func attention(x []float64, lengths []int, heads, d int) (out, sizes []float64) {
	h := heads * d
	out, sizes = make([]float64, len(x)/3), make([]float64, len(x)/3)
	first := 0
	for _, length := range lengths {
		for head := range heads {
			part := func(token, third int) []float64 {
				at := (first+token)*3*h + third*h + head*d
				return x[at : at+d]
			}
			for query := range length {
				scores := make([]float64, length)
				maximum, amplified := math.Inf(-1), 0.0
				for key := range scores {
					size := 1.0
					for i := range d {
						product := part(query, 0)[i] * part(key, 1)[i]
						scores[key] += product
						size += math.Abs(product)
					}
					maximum, amplified = max(maximum, scores[key]), max(amplified, size)
				}
				var sum float64
				for key := range scores {
					scores[key] = math.Exp(scores[key] - maximum)
					sum += scores[key]
				}
				to, size := out[(first+query)*h+head*d:][:d], sizes[(first+query)*h+head*d:][:d]
				for key := range scores {
					for i := range d {
						product := scores[key] / sum * part(key, 2)[i]
						to[i] += product
						size[i] += math.Abs(product) * amplified
					}
				}
			}
		}
		first += length
	}
	return out, sizes
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
