//go:build amd64 && !purego

package cpu

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"longfirst/infer/backend"
)

// eachProduct runs a test with every kernel of products that this machine has.
func eachProduct(t *testing.T, test func(t *testing.T, l level, r *rand.Rand)) {
	eachVectorLevel(t, func(t *testing.T, l level, r *rand.Rand) {
		t.Run("plain", func(t *testing.T) {
			defer func(has bool) { hasVNNI = has }(hasVNNI)
			hasVNNI = false
			test(t, l, r)
		})
		if l == avx512 && hasVNNI {
			t.Run("vnni", func(t *testing.T) { test(t, l, r) })
		}
	})
}

// extremeRow returns a row of weights whose bytes are at their bounds in one sign or the other, or random ones.
func extremeRow(r *rand.Rand, k int) []float32 {
	row := numbers32(r, k)
	kind := r.IntN(4)
	for i := range row {
		switch kind {
		case 0:
			row[i] = 1
		case 1:
			row[i] = -1
		case 2:
			row[i] = float32(1 - 2*(i%2))
		}
	}
	return row
}

// TestInt8ProductsKernels wants the exact sums of all small shapes, of activations at both ends of a byte as well, and
// nothing written beside them.
func TestInt8ProductsKernels(t *testing.T) {
	eachProduct(t, func(t *testing.T, l level, r *rand.Rand) {
		columns := l.geometry().panel
		for rows := 1; rows <= 19; rows++ {
			for octets := 1; octets <= 10; octets++ {
				depth := 8 * octets
				var weights []float32
				for range rows {
					weights = append(weights, extremeRow(r, depth)...)
				}
				w := quantizeTensor(weights, rows, depth)
				x, sums := aligned(depth/4*columns), aligned((rows+1)*columns)
				bytes := unsafe.Slice((*uint8)(unsafe.Pointer(&x[0])), depth*columns)
				extreme := r.IntN(3)
				for i := range bytes {
					bytes[i] = uint8(r.UintN(256))
					switch extreme {
					case 0:
						bytes[i] = 255
					case 1:
						bytes[i] = uint8(255 * r.IntN(2))
					}
				}
				l.products(&w.Values[0], depth, &x[0], octets, rows, (*int32)(unsafe.Pointer(&sums[0])))
				for row := range rows {
					for c := range columns {
						var want int32
						for k := range depth {
							want += int32(int8(w.Values[row*depth+k])) * int32(bytes[(k/4*columns+c)*4+k%4])
						}
						if got := int32(math.Float32bits(sums[row*columns+c])); got != want {
							t.Fatalf("%d rows of depth %d: row %d column %d: got %d, want %d", rows, depth, row, c, got, want)
						}
					}
				}
				if slices.ContainsFunc(sums[rows*columns:], func(v float32) bool { return v != 0 }) {
					t.Fatalf("%d rows of depth %d: the row behind was written", rows, depth)
				}
			}
		}
	})
}

// TestQuantizeKernel wants the bytes and scales of the plain Go code, of zeros, huge and tiny columns as well, and NaN
// scales of columns that hold NaN.
func TestQuantizeKernel(t *testing.T) {
	eachVectorLevel(t, func(t *testing.T, l level, r *rand.Rand) {
		columns := l.geometry().panel
		for width := 1; width <= 41; width++ {
			depth := backend.Int8Depth(width)
			x := numbers(r, width*columns)
			column := func(c int) []float32 {
				values := make([]float32, width)
				for k := range values {
					values[k] = x[k*columns+c]
				}
				return values
			}
			for k := range width {
				x[k*columns] = 0
				x[k*columns+1] *= 1e37
				x[k*columns+2] *= 1e-38
				x[k*columns+3] = float32(k%3) - 1
			}
			x[r.IntN(width)*columns+4] = float32(math.NaN())
			x[r.IntN(width)*columns+5] = float32(math.Inf(-1))
			out, scales := aligned((depth/4+1)*columns), aligned(columns)
			l.quantizePanel(x, width, depth, out, scales)
			bytes := unsafe.Slice((*uint8)(unsafe.Pointer(&out[0])), depth*columns)
			for c := range columns {
				values := column(c)
				want := activationScale(values)
				if c == 4 {
					if scales[c] == scales[c] {
						t.Fatalf("width %d: the scale of a column with NaN is %g", width, scales[c])
					}
					continue
				}
				if scales[c] != want {
					t.Fatalf("width %d column %d: scale %g, want %g", width, c, scales[c], want)
				}
				if c == 5 {
					continue // the scale is infinite, and so are the products or NaN
				}
				for k, v := range values {
					if got, want := bytes[(k/4*columns+c)*4+k%4], quantizeActivation(v, 1/want); got != want {
						t.Fatalf("width %d column %d: %g at scale %g is %d, want %d", width, c, v, scales[c], got, want)
					}
				}
			}
			if slices.ContainsFunc(out[depth/4*columns:], func(v float32) bool { return v != 0 }) {
				t.Fatalf("width %d: bytes behind were written", width)
			}
		}
	})
}

// TestScaleKernel wants the bits of the plain Go code.
func TestScaleKernel(t *testing.T) {
	eachVectorLevel(t, func(t *testing.T, l level, r *rand.Rand) {
		columns := l.geometry().panel
		for rows := 1; rows <= 7; rows++ {
			for _, with := range []bool{false, true} {
				sums := make([]int32, rows*columns)
				for i := range sums {
					sums[i] = int32(r.Uint32()) >> r.IntN(16)
				}
				q := &quantized{scales: numbers(r, rows), corrections: make([]int32, rows)}
				for i := range q.corrections {
					q.corrections[i] = int32(r.Uint32()) / 1024
				}
				tokens, bias, residual, out := numbers(r, columns), numbers(r, rows), numbers(r, rows*columns), aligned((rows+1)*columns)
				var add *float32
				if with {
					add = &residual[0]
				}
				l.scale(&sums[0], rows, &q.corrections[0], &q.scales[0], &tokens[0], &bias[0], add, &out[0])
				for i, sum := range sums {
					want := float32(q.product(i/columns, sum, tokens[i%columns]) + bias[i/columns])
					if with {
						want += residual[i]
					}
					if out[i] != want {
						t.Fatalf("%d rows: element %d: got %g, want %g", rows, i, out[i], want)
					}
				}
				if out[rows*columns] != 0 {
					t.Fatalf("%d rows: the row behind was written", rows)
				}
			}
		}
	})
}
