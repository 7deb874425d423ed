//go:build cuda

package cuda_test

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"longfirst/infer/backend"
	"longfirst/infer/cuda"
)

// What small shapes do not reach: weights larger than what is on its way at a time, sequences longer than the first
// table of rotations, results that outgrow their memory.

type rig struct {
	*testing.T
	backend backend.Backend
}

func newRig(t *testing.T) *rig {
	r := &rig{t, open(t, cuda.FP32)}
	t.Cleanup(func() { r.must(r.backend.Close()) })
	return r
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) stream(tokens, sequences int) backend.Stream {
	s, err := r.backend.NewStream(tokens, sequences)
	r.must(err)
	r.Cleanup(func() { r.must(s.Close()) })
	return s
}

func (r *rig) activation(s backend.Stream, width int) backend.Activation {
	a, err := s.Activation(width)
	r.must(err)
	return a
}

// tensor holds at(i) at element i.
func tensor(at func(i int) float32, shape ...int) backend.Tensor {
	t := backend.Tensor{Name: "made up", DType: backend.F32, Shape: shape}
	elements := 1
	for _, n := range shape {
		elements *= n
	}
	for i := range elements {
		t.Data = binary.LittleEndian.AppendUint32(t.Data, math.Float32bits(at(i)))
	}
	return t
}

func (r *rig) matrix(at func(i int) float32, n, k int) backend.Matrix {
	m, err := r.backend.Matrix(tensor(at, n, k))
	r.must(err)
	return m
}

func (r *rig) vector(at func(i int) float32, n int) backend.Vector {
	v, err := r.backend.Vector(tensor(at, n))
	r.must(err)
	return v
}

func always(v float32) func(int) float32 { return func(int) float32 { return v } }

// one is a batch of one sequence of tokens 0.
func one(tokens int) backend.Batch {
	return backend.Batch{Tokens: make([]uint8, tokens), CuSeqlens: []int32{0, int32(tokens)}}
}

// TestLargeMatrix multiplies by a matrix that is loaded in several parts. Row n of it is n at its place n%K, zero elsewhere.
func TestLargeMatrix(t *testing.T) {
	const n, k = 1040, 1030
	r := newRig(t)
	s := r.stream(1, 1)
	x, y := r.activation(s, k), r.activation(s, n)
	w := r.matrix(func(i int) float32 {
		if i%k == i/k%k {
			return float32(i / k)
		}
		return 0
	}, n, k)
	r.must(s.Begin(one(1)))
	s.Embed(x, r.matrix(always(1), 1, k), 1)
	s.Embed(y, r.matrix(always(0), 1, n), 1)
	s.LinearAdd(y, x, w, r.vector(always(0), n))
	got := make([]float32, n)
	s.Read(got, y)
	r.must(s.Finish())
	for i, v := range got {
		if v != float32(i) {
			t.Fatalf("row %d: got %g", i, v)
		}
	}
}

// TestLongSequence rotates positions beyond those of the table that a short sequence made.
func TestLongSequence(t *testing.T) {
	const heads, d, long = 1, 16, 1100
	r := newRig(t)
	s := r.stream(long, 1)
	x, qkv := r.activation(s, d), r.activation(s, 3*d)
	table, w, bias := r.matrix(always(0), 1, d), r.matrix(always(0), 3*d, d), r.vector(always(1), 3*d)
	frequency := func(i int) float32 { return float32(math.Ldexp(1, -i)) }
	frequencies := r.vector(frequency, d/2)
	for _, tokens := range []int{3, long, 5} {
		r.must(s.Begin(one(tokens)))
		s.Embed(x, table, 1)
		s.LinearQKV(qkv, x, w, bias, frequencies, heads)
		got := make([]float32, tokens*3*d)
		s.Read(got, qkv)
		r.must(s.Finish())
		for i, v := range got {
			position, part, place := i/(3*d), i%(3*d)/d, i%d
			sin, cos := math.Sincos(float64(position) * float64(frequency(place%(d/2))))
			want := cos - sin
			if place >= d/2 {
				want = cos + sin
			}
			switch part {
			case 0:
				want /= math.Sqrt(d)
			case 2:
				want = 1
			}
			if !(math.Abs(float64(v)-want) <= 1e-4) {
				t.Fatalf("%d tokens, position %d, part %d, place %d: got %g, want %g", tokens, position, part, place, v, want)
			}
		}
	}
}

// TestResultsGrow reads results of different sizes from the same stream, in another order in each batch.
func TestResultsGrow(t *testing.T) {
	const width, tokens = 24, 700
	r := newRig(t)
	s := r.stream(tokens, 2)
	x := r.activation(s, width)
	table := r.matrix(func(i int) float32 { return float32(i) }, 1, width)
	for round, order := range [][]bool{{true}, {false, true}, {true, true, false}} {
		r.must(s.Begin(one(tokens)))
		s.Embed(x, table, 1)
		var results [][]float32
		for _, pooled := range order {
			if pooled {
				results = append(results, make([]float32, width))
				s.MeanPool(results[len(results)-1], x)
			} else {
				results = append(results, make([]float32, tokens*width))
				s.Read(results[len(results)-1], x)
			}
		}
		r.must(s.Finish())
		for i, result := range results {
			for j, v := range result {
				if v != float32(j%width) {
					t.Fatalf("batch %d, result %d, number %d: got %g, want %d", round, i, j, v, j%width)
				}
			}
		}
	}
}

// TestWidestNorm wants a model wider than the norms refused as such, and the widest computed.
func TestWidestNorm(t *testing.T) {
	for width, supported := range map[int]bool{5120: true, 5128: false} {
		r := &rig{t, open(t, cuda.FP32)}
		s, err := r.backend.NewStream(1, 1)
		r.must(err)
		x := r.activation(s, width)
		r.must(s.Begin(one(1)))
		s.Embed(x, r.matrix(func(i int) float32 { return float32(i % 2) }, 1, width), 1)
		s.LayerNorm(x, x, r.vector(always(1), width), r.vector(always(0), width), 0)
		got := make([]float32, width)
		s.Read(got, x)
		err = s.Finish()
		if supported != (err == nil) || !supported && !errors.Is(err, backend.ErrUnsupported) || supported && math.Abs(float64(got[1])-1) > 1e-5 {
			t.Errorf("width %d: %g, %v", width, got[1], err)
		}
		r.must(s.Close())
		r.must(r.backend.Close())
	}
}

// TestUnsupportedHeads wants a model that no kernel serves refused as such: no other sequence would fare better.
func TestUnsupportedHeads(t *testing.T) {
	const heads, d = 2, 6
	for precision, supported := range map[cuda.Precision]bool{cuda.FP32: true, cuda.BF16: false} {
		r := &rig{t, open(t, precision)}
		s, err := r.backend.NewStream(3, 1)
		r.must(err)
		x, qkv := r.activation(s, heads*d), r.activation(s, 3*heads*d)
		r.must(s.Begin(one(3)))
		s.Embed(x, r.matrix(always(1), 1, heads*d), 1)
		s.LinearQKV(qkv, x, r.matrix(always(0), 3*heads*d, heads*d), r.vector(always(0), 3*heads*d), r.vector(always(1), d/2), heads)
		s.Attention(x, qkv, heads)
		err = s.Finish()
		if supported != (err == nil) || !supported && !errors.Is(err, backend.ErrUnsupported) {
			t.Errorf("heads of %d in %s: %v", d, precision, err)
		}
		r.must(s.Close())
		r.must(r.backend.Close())
	}
}
