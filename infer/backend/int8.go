package backend

import "math"

// Int8 is a Backend that also computes linear layers with int8 weights. A product is a sum of integers, exact in 32 bits,
// so it has the same bits whatever instructions add it:
//
//	y[n] = (sum over k of w[n][k] · (x[k] + 128) - 128 · sum over k of w[n][k]) · (s[n] · t) + bias[n]
//
// w are the weight's bytes and s its rows' scales, x the activations divided by their token's scale t, which is the largest
// absolute value of the token divided by 127, and rounded.
type Int8 interface {
	Backend

	// Int8Matrix takes quantized weights [n_i, K] stacked by rows. The views may be kept until Close.
	Int8Matrix(rows ...Int8Tensor) (Matrix, error)
}

// Int8Tensor is a weight [N, K] quantized row by row: about Values[n][k]·Scales[n]. Values are signed bytes
// [N, Int8Depth(K)], zeros behind K, and may be unaligned.
type Int8Tensor struct {
	Name   string
	K      int
	Values []byte
	Scales []float32 // [N]
	Sums   []int32   // [N] of the values of a row
}

// int8Octet is how many depths belong together, and int8Group which of them share a bound: the first and third pair, the
// second and fourth.
const int8Octet = 8

// int8Bound is the most that the positive values of a group, and the negative ones, may add up to. Without VNNI the sums of
// a group are 16 bits wide: 255·128 and -255·128 fit, whatever the activations are.
const int8Bound = 128

// Int8Depth returns the bytes of a row of K weights.
func Int8Depth(k int) int { return (k + int8Octet - 1) / int8Octet * int8Octet }

// smallestScale keeps a row of zeros from being divided by zero.
const smallestScale = 1e-30

// QuantizeRow writes a row of finite weights [K] to bytes [Int8Depth(K)] and returns the scale and the sum of the bytes.
func QuantizeRow(dst []byte, row []float32) (scale float32, sum int32) {
	scale = rowScale(row)
	for octet := 0; octet < len(dst); octet += int8Octet {
		for first := 0; first < 4; first += 2 {
			sum += quantizeGroup(dst[octet:], row, octet, first, scale)
		}
	}
	return scale, sum
}

// groupOf returns the depths of a group.
func groupOf(octet, first int) [4]int {
	return [4]int{octet + first, octet + first + 1, octet + first + 4, octet + first + 5}
}

// rowScale returns the least scale at which neither a byte nor a group's bound is exceeded before rounding.
func rowScale(row []float32) float32 {
	scale := float64(smallestScale)
	for octet := 0; octet < len(row); octet += int8Octet {
		for first := 0; first < 4; first += 2 {
			var positive, negative float64
			for _, k := range groupOf(octet, first) {
				if k < len(row) {
					w := float64(row[k])
					scale = max(scale, math.Abs(w)/math.MaxInt8)
					positive, negative = positive+max(w, 0), negative+max(-w, 0)
				}
			}
			scale = max(scale, positive/int8Bound, negative/int8Bound)
		}
	}
	return float32(scale)
}

// quantizeGroup rounds the weights of a group. Where that carries it over a bound, those that were rounded away from zero
// the furthest are rounded towards it.
func quantizeGroup(dst []byte, row []float32, octet, first int, scale float32) (sum int32) {
	var exact, rounded [4]float64
	depths := groupOf(octet, first)
	for i, k := range depths {
		if k < len(row) {
			exact[i] = float64(row[k]) / float64(scale)
			rounded[i] = max(-math.MaxInt8, min(math.MaxInt8, math.RoundToEven(exact[i])))
		}
	}
	for _, sign := range []float64{1, -1} {
		for {
			var total float64
			for _, v := range rounded {
				total += max(sign*v, 0)
			}
			if !(total > int8Bound) {
				break
			}
			furthest, excess := 0, -math.MaxFloat64
			for i, v := range rounded {
				if e := sign * (v - exact[i]); sign*v > 0 && e > excess {
					furthest, excess = i, e
				}
			}
			rounded[furthest] -= sign
		}
	}
	for i, k := range depths {
		dst[k-octet] = byte(int8(rounded[i]))
		sum += int32(rounded[i])
	}
	return sum
}
