// Package conformance is the test every backend must pass: each operation against a plain float64 reference, over small
// sizes and odd shapes, and the promise that a result does not depend on what else is in the batch.
//
// Inputs reach an operation the way they do in a forward pass: Embed of a table with one row for each token id writes
// any activation that is wanted, because the ids 0, 1, 2, ... of a batch pick its rows in order.
package conformance

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"longfirst/infer/backend"
)

// tolerance is how far a float32 backend may be from the reference, in units of the largest value of the row, or of what
// an element is a sum of: 16 units in the last place, 2^-24 each, for sums of a few hundred products in any order.
const tolerance = 0x1p-20

// Subject is what is tested.
type Subject struct {
	New       func() backend.Backend
	Tolerance float64 // as the one of float32 is given
	HeadDims  []int   // sizes of heads that the backend has kernels for
}

// Run tests the backends that make returns, which compute in float32; each is closed after its test.
func Run(t *testing.T, make func() backend.Backend) {
	RunSubject(t, Subject{make, tolerance, headDims})
}

// RunSubject tests backends that compute in another type. Inputs are float32 all the same: rounding them counts as an error.
func RunSubject(t *testing.T, s Subject) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Subject)
	}{
		{"Embed", testEmbed}, {"LayerNorm", testLayerNorm}, {"LinearAdd", testLinearAdd}, {"LinearGELU", testLinearGELU},
		{"LinearQKV", testLinearQKV}, {"Attention", testAttention}, {"MeanPool", testMeanPool}, {"StoredTypes", testStoredTypes},
		{"NotANumber", testNotANumber}, {"BatchMates", testBatchMates}, {"TinySequences", testTinySequences},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, s) })
	}
}

// bench is a stream under test with the batch it runs.
type bench struct {
	*testing.T
	tolerance float64
	backend   backend.Backend
	stream    backend.Stream
	random    *rand.Rand
	lengths   []int // of the sequences
	tokens    int
}

// newBench begins a batch of sequences of those lengths whose token ids are 0, 1, 2, ..., modulo 256.
func newBench(t *testing.T, s Subject, lengths ...int) *bench {
	t.Helper()
	b := &bench{T: t, tolerance: s.Tolerance, backend: s.New(), random: rand.New(rand.NewPCG(1, uint64(len(lengths)))), lengths: lengths}
	t.Cleanup(func() { b.must(b.backend.Close()) })
	batch := backend.Batch{CuSeqlens: []int32{0}}
	for _, n := range lengths {
		b.tokens += n
		batch.CuSeqlens = append(batch.CuSeqlens, int32(b.tokens))
	}
	for i := range b.tokens {
		batch.Tokens = append(batch.Tokens, uint8(i))
	}
	var err error
	b.stream, err = b.backend.NewStream(b.tokens, len(lengths))
	b.must(err)
	t.Cleanup(func() { b.must(b.stream.Close()) })
	b.must(b.stream.Begin(batch))
	return b
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// numbers draws values around 0 of about that size.
func (b *bench) numbers(n int, size float64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = float64(float32(b.random.NormFloat64() * size))
	}
	return values
}

// frequencies draws rotary frequencies, which are between 0 and 1.
func (b *bench) frequencies(n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = float64(b.random.Float32())
	}
	return values
}

// activation returns a buffer of that width that holds rows [T, width]; at most 256 tokens.
func (b *bench) activation(rows []float64, width int) backend.Activation {
	b.Helper()
	if b.tokens > 256 {
		b.Fatalf("%d tokens, more than there are token ids", b.tokens)
	}
	a := b.empty(width)
	b.stream.Embed(a, b.matrix(rows, b.tokens, width), 1)
	return a
}

func (b *bench) empty(width int) backend.Activation {
	b.Helper()
	a, err := b.stream.Activation(width)
	b.must(err)
	return a
}

func (b *bench) matrix(values []float64, n, k int) backend.Matrix {
	b.Helper()
	m, err := b.backend.Matrix(f32("matrix", values, n, k))
	b.must(err)
	return m
}

func (b *bench) vector(values []float64) backend.Vector {
	b.Helper()
	v, err := b.backend.Vector(f32("vector", values, len(values)))
	b.must(err)
	return v
}

// read finishes the batch and returns an activation [T, width].
func (b *bench) read(a backend.Activation) []float64 {
	b.Helper()
	values := make([]float32, b.tokens*a.Width())
	b.stream.Read(values, a)
	b.must(b.stream.Finish())
	return wide(values)
}

func wide(values []float32) []float64 {
	wide := make([]float64, len(values))
	for i, v := range values {
		wide[i] = float64(v)
	}
	return wide
}

// compare checks rows of that width against the largest value of each.
func (b *bench) compare(what string, got, want []float64, width int) {
	b.Helper()
	sizes := make([]float64, len(want))
	for row := 0; row < len(want); row += width {
		largest := 1e-3
		for _, v := range want[row : row+width] {
			largest = max(largest, math.Abs(v))
		}
		for i := range width {
			sizes[row+i] = largest
		}
	}
	b.compareSums(what, got, want, sizes, width)
}

// compareSums checks elements against the sizes given: what they would be without cancellation.
func (b *bench) compareSums(what string, got, want, sizes []float64, width int) {
	b.Helper()
	if len(got) != len(want) {
		b.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if d := math.Abs(got[i] - want[i]); !(d <= b.tolerance*sizes[i]) {
			b.Fatalf("%s: row %d column %d: got %g, want %g, %.1f times the tolerance",
				what, i/width, i%width, got[i], want[i], d/(b.tolerance*sizes[i]))
		}
	}
}

// f32 stores values as a tensor whose bytes start at an odd address, as they may in a mapped file.
func f32(name string, values []float64, shape ...int) backend.Tensor {
	data := []byte{0}
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(v)))
	}
	return backend.Tensor{Name: name, DType: backend.F32, Shape: shape, Data: data[1:]}
}

// each runs a subtest for every value.
func each(t *testing.T, what string, values []int, test func(t *testing.T, value int)) {
	for _, v := range values {
		t.Run(fmt.Sprintf("%s=%d", what, v), func(t *testing.T) { test(t, v) })
	}
}
