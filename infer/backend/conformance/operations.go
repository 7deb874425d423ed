package conformance

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"longfirst/infer/backend"
)

// widths are small sizes around every multiple a kernel might take at a time, and some beyond one block.
var widths = []int{1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 33, 64, 65, 100, 260, 515}

// headDims are those of the published models and of small ones, and an odd half.
var headDims = []int{2, 6, 16, 24, 32, 64, 128}

// batches are lengths of sequences, in tokens: single ones, a single residue between BOS and EOS, edges of blocks.
var batches = [][]int{{1}, {2}, {3}, {5, 1, 3}, {63}, {64}, {65}, {3, 64, 2, 66, 1, 17}, {130, 3, 40}}

func testEmbed(t *testing.T, s Subject) {
	each(t, "H", widths, func(t *testing.T, h int) {
		b := newBench(t, s, 3, 70)
		table := b.numbers(b.tokens*h, 1)
		dst := b.empty(h)
		b.stream.Embed(dst, b.matrix(table, b.tokens, h), 0.88)
		for i := range table {
			table[i] *= float64(float32(0.88))
		}
		b.compare("embed", b.read(dst), table, h)
	})
}

func testLayerNorm(t *testing.T, s Subject) {
	const eps = 1e-5
	each(t, "H", widths, func(t *testing.T, h int) {
		b := newBench(t, s, 70, 2)
		rows, gain, bias := b.numbers(b.tokens*h, 3), b.numbers(h, 1), b.numbers(h, 1)
		rows[h/2] += 100 // an outlier, and a row far from 0
		for i := range h {
			rows[h+i] += 50
		}
		src, dst := b.activation(rows, h), b.empty(h)
		b.stream.LayerNorm(dst, src, b.vector(gain), b.vector(bias), eps)
		b.stream.LayerNorm(src, src, b.vector(gain), b.vector(bias), eps)
		inPlace := make32(b.tokens * h)
		b.stream.Read(inPlace, src)
		want, sizes := layerNorm(rows, gain, bias, float64(float32(eps)))
		b.compareSums("layer norm", b.read(dst), want, sizes, h)
		b.compareSums("layer norm in place", wide(inPlace), want, sizes, h)
	})
}

func testLinearAdd(t *testing.T, s Subject) {
	each(t, "K", widths, func(t *testing.T, k int) {
		for _, n := range []int{1, 3, 4, 9, 65, 260} {
			b := newBench(t, s, 66, 1)
			x, w, bias, old := b.numbers(b.tokens*k, 1), b.numbers(n*k, 1), b.numbers(n, 1), b.numbers(b.tokens*n, 1)
			src, dst := b.activation(x, k), b.activation(old, n)
			b.stream.LinearAdd(dst, src, b.matrix(w, n, k), b.vector(bias))
			want, sizes := linear(x, w, bias, k)
			for i := range want {
				want[i] += old[i]
				sizes[i] += math.Abs(old[i])
			}
			b.compareSums(fmt.Sprintf("add N=%d", n), b.read(dst), want, sizes, n)
		}
	})
}

func testLinearGELU(t *testing.T, s Subject) {
	each(t, "N", widths, func(t *testing.T, n int) {
		const k = 33
		b := newBench(t, s, 5, 66)
		x, w, bias := b.numbers(b.tokens*k, 1), b.numbers(n*k, 0.5), b.numbers(n, 1)
		src, dst := b.activation(x, k), b.empty(n)
		b.stream.LinearGELU(dst, src, b.matrix(w, n, k), b.vector(bias))
		want, sizes := linear(x, w, bias, k)
		for i, v := range want {
			want[i] = v / 2 * (1 + math.Erf(v/math.Sqrt2))
		}
		b.compareSums("gelu", b.read(dst), want, sizes, n)
	})
}

func testLinearQKV(t *testing.T, s Subject) {
	each(t, "D", s.HeadDims, func(t *testing.T, d int) {
		for _, heads := range []int{1, 3} {
			b := newBench(t, s, 66, 1, 3)
			h := heads * d
			x, bias := b.numbers(b.tokens*h, 1), b.numbers(3*h, 0.3)
			w := b.numbers(3*h*h, 1)
			freq := b.frequencies(d / 2)
			third := h * h
			weight, err := b.backend.Matrix(f32("query", w[:third], h, h), f32("key", w[third:2*third], h, h), f32("value", w[2*third:], h, h))
			b.must(err)
			biases, err := b.backend.Vector(f32("query", bias[:h], h), f32("key", bias[h:2*h], h), f32("value", bias[2*h:], h))
			b.must(err)
			src, dst := b.activation(x, h), b.empty(3*h)
			b.stream.LinearQKV(dst, src, weight, biases, b.vector(freq), heads)
			projections, _ := linear(x, w, bias, h)
			want := qkv(projections, b.lengths, freq, heads, d)
			b.compare(fmt.Sprintf("qkv A=%d", heads), b.read(dst), want, 3*h)
		}
	})
}

func testAttention(t *testing.T, s Subject) {
	each(t, "D", s.HeadDims, func(t *testing.T, d int) {
		for _, lengths := range batches {
			const heads = 2
			b := newBench(t, s, lengths...)
			x := b.numbers(b.tokens*3*heads*d, 2/math.Sqrt(math.Sqrt(float64(d)))) // scores of size 4
			src, dst := b.activation(x, 3*heads*d), b.empty(heads*d)
			b.stream.Attention(dst, src, heads)
			want, sizes := attention(x, lengths, heads, d)
			b.compareSums(fmt.Sprintf("attention over %v", lengths), b.read(dst), want, sizes, heads*d)
		}
	})
}

func testMeanPool(t *testing.T, s Subject) {
	each(t, "H", widths, func(t *testing.T, h int) {
		b := newBench(t, s, 3, 2, 130, 4, 70)
		x := b.numbers(b.tokens*h, 1)
		src := b.activation(x, h)
		got := make32(len(b.lengths) * h)
		b.stream.MeanPool(got, src)
		b.must(b.stream.Finish())
		b.compare("mean", wide(got), meanPool(x, b.lengths, h), h)
	})
}

// testStoredTypes gives the same weights as F16 and BF16 and as the F32 they stand for.
func testStoredTypes(t *testing.T, s Subject) {
	const n, k = 9, 21
	for _, dtype := range []backend.DType{backend.F16, backend.BF16} {
		t.Run(dtype.String(), func(t *testing.T) {
			b := newBench(t, s, 7)
			stored := func(shape ...int) (backend.Tensor, []float64) {
				elements := 1
				for _, n := range shape {
					elements *= n
				}
				var data []byte
				for range elements {
					// Any fraction, exponents of sizes from 2^-4 to 2^1, in either type.
					bits := uint16(b.random.UintN(1 << 16))
					if dtype == backend.F16 {
						bits = bits&0x83ff | uint16(11+b.random.UintN(6))<<10
					} else {
						bits = bits&0x807f | uint16(123+b.random.UintN(6))<<7
					}
					data = binary.LittleEndian.AppendUint16(data, bits)
				}
				values := make32(elements)
				dtype.Widen(values, data)
				return backend.Tensor{Name: "stored", DType: dtype, Shape: shape, Data: data}, wide(values)
			}
			weight, w := stored(n, k)
			bias, c := stored(n)
			m, err := b.backend.Matrix(weight)
			b.must(err)
			v, err := b.backend.Vector(bias)
			b.must(err)
			x, old := b.numbers(b.tokens*k, 1), b.numbers(b.tokens*n, 0)
			dst := b.activation(old, n)
			b.stream.LinearAdd(dst, b.activation(x, k), m, v)
			want, sizes := linear(x, w, c, k)
			b.compareSums("add", b.read(dst), want, sizes, n)
		})
	}
}

// testNotANumber checks that NaN in one sequence stays there and arrives at the end.
func testNotANumber(t *testing.T, s Subject) {
	const heads, d = 2, 16
	b := newBench(t, s, 70, 3, 66)
	x := b.numbers(b.tokens*3*heads*d, 1)
	x[71*3*heads*d+heads*d] = math.NaN() // a key of the second sequence, head 0
	src, dst := b.activation(x, 3*heads*d), b.empty(heads*d)
	b.stream.Attention(dst, src, heads)
	pooled := make32(3 * heads * d)
	b.stream.MeanPool(pooled, dst)
	got := b.read(dst)
	for i, v := range got {
		token, head := i/(heads*d), i%(heads*d)/d
		if want := token >= 70 && token < 73 && head == 0; math.IsNaN(v) != want {
			t.Fatalf("token %d head %d: got %g", token, head, v)
		}
	}
	for i, v := range pooled {
		if want := i/(heads*d) == 1 && i%(heads*d) < d; (v != v) != want {
			t.Fatalf("mean of sequence %d, column %d: got %g", i/(heads*d), i%(heads*d), v)
		}
	}
}

func make32(n int) []float32 { return make([]float32, n) }
