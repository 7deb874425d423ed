//go:build amd64 && !purego

package cpu

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"longfirst/infer/backend"
)

// unit is the rounding of a float32: half a unit in the last place of a number in [1, 2).
const unit = 0x1p-24

// eachVectorLevel runs a test with the kernels of every level of this machine.
func eachVectorLevel(t *testing.T, test func(t *testing.T, l level, r *rand.Rand)) {
	for _, l := range vectorLevels() {
		t.Run(l.String(), func(t *testing.T) { test(t, l, rand.New(rand.NewPCG(1, 2))) })
	}
}

func TestSelfCheck(t *testing.T) {
	eachVectorLevel(t, func(t *testing.T, l level, _ *rand.Rand) {
		if !selfCheck(l) {
			t.Error("the level does not pass its own check")
		}
	})
}

// numbers returns aligned numbers around 0.
func numbers(r *rand.Rand, n int) []float32 {
	values := aligned(n)
	for i := range values {
		values[i] = float32(r.NormFloat64())
	}
	return values
}

// sum adds products in float64, with the sizes of what it adds.
type sum struct{ value, size float64 }

func (s *sum) add(factors ...float32) {
	product := 1.0
	for _, f := range factors {
		product *= float64(f)
	}
	s.value += product
	s.size += math.Abs(product)
}

// check wants got within so many units of the sum's size.
func (s *sum) check(t *testing.T, got float32, units float64, format string, args ...any) {
	t.Helper()
	if d := math.Abs(float64(got) - s.value); !(d <= units*unit*s.size) {
		t.Fatalf("%s: got %g, want %g: %.1f units, allowed are %g", fmt.Sprintf(format, args...), got, s.value, d/(unit*s.size), units)
	}
}

// TestLinearKernel takes all small shapes: sums within 6 units, and nothing written beside them.
func TestLinearKernel(t *testing.T) {
	eachVectorLevel(t, func(t *testing.T, l level, r *rand.Rand) {
		columns := l.geometry().panel
		tile := aligned(maxTile)
		for rows := 1; rows <= 2*l.geometry().rows+1; rows++ {
			for _, depth := range []int{1, 2, 3, 4, 5, 7, 8, 9, 11, 40, 159, 160, 161, 321} {
				for with := range 8 {
					stride := depth + 3
					// Weights begin at an odd address, as they may in a mapped file.
					w := numbers(r, rows*stride)
					stored := []byte{0}
					for _, v := range w {
						stored = binary.LittleEndian.AppendUint32(stored, math.Float32bits(v))
					}
					x, out := numbers(r, depth*columns), numbers(r, (rows+1)*columns)
					partial, bias, residual := numbers(r, rows*columns), numbers(r, rows), numbers(r, rows*columns)
					beyond := append([]float32(nil), out[rows*columns:]...)
					given := func(bit int, values []float32) *float32 {
						if with>>bit&1 == 0 {
							return nil
						}
						return &values[0]
					}
					l.linear(&stored[1], 4*stride, &x[0], depth, rows, given(0, partial), given(1, bias), given(2, residual), &out[0], &tile[0])
					for i, got := range out[:rows*columns] {
						row, column := i/columns, i%columns
						var want sum
						for k := range depth {
							want.add(w[row*stride+k], x[k*columns+column])
						}
						if with&1 != 0 {
							want.add(partial[i])
						}
						if with&2 != 0 {
							want.add(bias[row])
						}
						if with&4 != 0 {
							want.add(residual[i])
						}
						want.check(t, got, 6, "%d rows of depth %d with %03b: row %d column %d", rows, depth, with, row, column)
					}
					for i, got := range out[rows*columns:] {
						if got != beyond[i] {
							t.Fatalf("%d rows of depth %d: column %d behind them was written", rows, depth, i)
						}
					}
				}
			}
		}
	})
}

// TestLinearRunsKernel gives a product so large that a sum which holds it gains nothing from the others of its size: those of
// the later runs must not be lost.
func TestLinearRunsKernel(t *testing.T) {
	eachVectorLevel(t, func(t *testing.T, l level, _ *rand.Rand) {
		const large, run = 1 << 25, 160
		columns, rows := l.geometry().panel, l.geometry().rows+1
		for depth := run; depth <= 4*run; depth += run {
			w, x, out, tile := aligned(rows*depth), aligned(depth*columns), aligned(rows*columns), aligned(maxTile)
			for i := range w {
				w[i] = 1
			}
			for i := range x {
				x[i] = 1
				if i < columns {
					x[i] = large
				}
			}
			l.linear(asBytes(w), 4*depth, &x[0], depth, rows, nil, nil, nil, &out[0], &tile[0])
			for i, got := range out {
				if want := float32(large + depth - run); got != want {
					t.Fatalf("depth %d: row %d column %d: got %g, want %g", depth, i/columns, i%columns, got, want)
				}
			}
		}
	})
}

// TestAttentionKernels takes keys from every column of a panel on: scores within 4 units, sums of values within 12 or one for
// every two values (an addition errs by up to a unit of the sum so far), weights
// within 4 units and 2 more for each unit of the scores' size, and the exact maximum of the scores.
func TestAttentionKernels(t *testing.T) {
	eachVectorLevel(t, func(t *testing.T, l level, r *rand.Rand) {
		columns := l.geometry().panel
		for _, depth := range []int{1, 3, 4, 6, 16} {
			for first := range columns {
				n := 1 + r.IntN(2*columns)
				stride := (depth + 2) * columns
				keys, queries := numbers(r, (first+n+columns)/columns*stride), numbers(r, depth*columns)
				key := func(i, d int) float32 {
					return keys[(first+i)/columns*stride+d*columns+(first+i)%columns]
				}
				scores, weights := aligned((n+1)*columns), aligned(n*columns)
				var maximum, before, total, scale, factor [maxPanel]float32
				for i := range maximum {
					maximum[i], total[i], factor[i] = float32(-1+r.IntN(3)), r.Float32(), r.Float32()
				}
				before = maximum
				totalBefore := total

				l.scores(&queries[0], &keys[0], first, n, depth, 4*stride, &scores[0], &maximum[0])
				copy(weights, scores)
				l.softmax(&weights[0], n, &maximum[0], &before[0], &total[0], &scale[0])
				for c := range columns {
					largest := before[c]
					for i := range n {
						var want sum
						for d := range depth {
							want.add(key(i, d), queries[d*columns+c])
						}
						score := scores[i*columns+c]
						want.check(t, score, 4, "depth %d, %d keys from %d: score %d of query %d", depth, n, first, i, c)
						largest = max(largest, score)
					}
					if largest != maximum[c] {
						t.Fatalf("depth %d, %d keys from %d: maximum of query %d is %g, want %g", depth, n, first, c, maximum[c], largest)
					}
					checkWeight := func(got, score float32) {
						t.Helper()
						want := math.Exp(float64(score) - float64(largest))
						size := math.Abs(float64(score)) + math.Abs(float64(largest))
						if d := math.Abs(float64(got)-want) / want; !(d <= (4+2*size)*unit) {
							t.Fatalf("exp(%g - %g): got %g, want %g", score, largest, got, want)
						}
					}
					checkWeight(scale[c], before[c])
					var want sum
					want.add(totalBefore[c], scale[c])
					for i := range n {
						checkWeight(weights[i*columns+c], scores[i*columns+c])
						want.add(weights[i*columns+c])
					}
					want.check(t, total[c], 16, "sum of %d weights", n)
				}
				if scores[n*columns] != 0 {
					t.Fatalf("a score behind %d keys was written", n)
				}

				for with := range 4 {
					sums, out := numbers(r, depth*columns), aligned((depth+1)*columns)
					var rescale, end *float32
					if with&1 != 0 {
						rescale = &scale[0]
					}
					if with&2 != 0 {
						end = &factor[0]
					}
					l.values(&weights[0], &keys[0], first, n, depth, 4*stride, rescale, &sums[0], end, &out[0])
					for i, got := range out[:depth*columns] {
						d, c := i/columns, i%columns
						f := float32(1)
						if with&2 != 0 {
							f = factor[c]
						}
						var want sum
						if with&1 != 0 {
							want.add(sums[i], scale[c], f)
						}
						for k := range n {
							want.add(weights[k*columns+c], key(k, d), f)
						}
						want.check(t, got, max(12, float64(n)/2), "values with %02b, %d keys from %d, depth %d: row %d column %d", with, n, first, depth, d, c)
					}
					if out[depth*columns] != 0 {
						t.Fatalf("a row behind %d was written", depth)
					}
				}
			}
		}
	})
}

// TestSoftmaxFar checks weights far below the largest: down to the smallest normal number, and 0 beyond.
func TestSoftmaxFar(t *testing.T) {
	eachVectorLevel(t, func(t *testing.T, l level, _ *rand.Rand) {
		columns := l.geometry().panel
		for shift := range 2000 {
			score := -float32(shift) / 13
			scores := aligned(columns)
			for i := range scores {
				scores[i] = score
			}
			var maximum, before, total, scale [maxPanel]float32
			l.softmax(&scores[0], 1, &maximum[0], &before[0], &total[0], &scale[0])
			want := math.Exp(float64(score))
			if want < 0x1p-126 {
				if float64(scores[0]) >= 0x1p-126 {
					t.Fatalf("exp(%g): got %g", score, scores[0])
				}
			} else if d := math.Abs(float64(scores[0])-want) / want; !(d <= (4-1.5*float64(score))*unit) {
				t.Fatalf("exp(%g): got %g, want %g", score, scores[0], want)
			}
		}
	})
}

// TestGELUKernel wants x·Φ(x) within 4 units of x, and exactly 0 and x far out.
func TestGELUKernel(t *testing.T) {
	eachVectorLevel(t, func(t *testing.T, l level, _ *rand.Rand) {
		columns := l.geometry().panel
		x := aligned(columns)
		apply := func(v float32) float32 {
			for i := range x {
				x[i] = v
			}
			l.gelu(&x[0], 1)
			return x[columns-1]
		}
		for i := -20_000; i <= 20_000; i++ {
			x := float32(i) / 1989
			if got, want := apply(x), gelu(float64(x)); math.Abs(float64(got)-want) > 4*unit*math.Abs(float64(x)) {
				t.Fatalf("gelu(%g): got %g, want %g", x, got, want)
			}
		}
		for _, x := range []float32{5.5, 6, 100, 1e30, math.MaxFloat32} {
			if apply(x) != x || apply(-x) != 0 {
				t.Errorf("gelu(±%g): got %g and %g", x, apply(x), apply(-x))
			}
		}
		if v := apply(float32(math.NaN())); v == v {
			t.Errorf("gelu(NaN): got %g", v)
		}
	})
}

// TestNormKernel wants norms within 8 units of what they would be if the mean were not subtracted.
func TestNormKernel(t *testing.T) {
	eachVectorLevel(t, func(t *testing.T, l level, r *rand.Rand) {
		columns := l.geometry().panel
		for rows := 1; rows <= 40; rows++ {
			x, gain, bias := numbers(r, rows*columns), numbers(r, rows), numbers(r, rows)
			out := aligned((rows + 1) * columns)
			l.norm(&out[0], &x[0], &gain[0], &bias[0], rows, 1e-5)
			for c := range columns {
				var mean, variance, largest float64
				for i := range rows {
					mean += float64(x[i*columns+c]) / float64(rows)
					largest = max(largest, math.Abs(float64(x[i*columns+c])))
				}
				for i := range rows {
					d := float64(x[i*columns+c]) - mean
					variance += d * d / float64(rows)
				}
				scale := 1 / math.Sqrt(variance+float64(float32(1e-5)))
				for i := range rows {
					want := sum{value: (float64(x[i*columns+c])-mean)*scale*float64(gain[i]) + float64(bias[i]),
						size: largest*scale*math.Abs(float64(gain[i])) + math.Abs(float64(bias[i]))}
					want.check(t, out[i*columns+c], 8, "norm of %d rows: row %d column %d", rows, i, c)
				}
			}
			if out[rows*columns] != 0 {
				t.Fatalf("norm of %d rows: the row behind was written", rows)
			}
		}
	})
}

// TestRotateKernel wants rotations within 4 units of the sizes they are sums of.
func TestRotateKernel(t *testing.T) {
	eachVectorLevel(t, func(t *testing.T, l level, r *rand.Rand) {
		columns := l.geometry().panel
		for half := 1; half <= 9; half++ {
			x, cos, sin := numbers(r, (2*half+1)*columns), numbers(r, half*columns), numbers(r, half*columns)
			before := append([]float32(nil), x...)
			const scale = 0.3
			l.rotate(&x[0], &cos[0], &sin[0], half, scale)
			for i := range half * columns {
				a, b := before[i], before[half*columns+i]
				var top, bottom sum
				top.add(a, scale, cos[i])
				top.add(-b, scale, sin[i])
				bottom.add(b, scale, cos[i])
				bottom.add(a, scale, sin[i])
				top.check(t, x[i], 4, "half %d, element %d", half, i)
				bottom.check(t, x[half*columns+i], 4, "half %d, element %d below", half, i)
			}
			if x[2*half*columns] != before[2*half*columns] {
				t.Fatalf("half %d: the row behind was written", half)
			}
		}
	})
}

// TestWidenKernels compares all halves with package backend's conversion: the same bits, NaN being any NaN.
func TestWidenKernels(t *testing.T) {
	eachVectorLevel(t, func(t *testing.T, l level, _ *rand.Rand) {
		for _, dtype := range []backend.DType{backend.F16, backend.BF16} {
			const rows, depth, stride = 3, 21_845, 2 * 21_847 // 3·21845 = 65535 halves and an odd tail
			stored := make([]byte, 1+rows*stride)
			for h := range rows * depth {
				binary.LittleEndian.PutUint16(stored[1+h/depth*stride+h%depth*2:], uint16(h))
			}
			var w scratch
			l.widenRows(&w, dtype, stored[1:], stride, rows, depth)
			want := make([]float32, depth)
			for r := range rows {
				dtype.Widen(want, stored[1+r*stride:])
				for i, v := range want {
					got := w.weights[r*depth+i]
					if math.Float32bits(got) != math.Float32bits(v) && (got == got || v == v) {
						t.Fatalf("%v %#04x: got %g, want %g", dtype, r*depth+i, got, v)
					}
				}
			}
		}
	})
}
