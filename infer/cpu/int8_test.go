package cpu

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"longfirst/infer/backend"
	"longfirst/infer/backend/conformance"
)

// int8Tolerance is how far products of int8 may be from exact ones, in units of what an element is a sum of, or of a row's
// largest value: half a step of 1/127 of the largest weight and of the largest activation each, and as much again for what
// a layer makes of it.
const int8Tolerance = 4.0 / 127

// quantizing is a backend whose matrices have weights of int8 as well: linear layers take those.
type quantizing struct{ Int8 }

func (b quantizing) Matrix(rows ...backend.Tensor) (backend.Matrix, error) {
	m, err := b.Int8.Matrix(rows...)
	if err != nil {
		return nil, err
	}
	var tensors []backend.Int8Tensor
	for _, t := range rows {
		values := make([]float32, t.Shape[0]*t.Shape[1])
		t.DType.Widen(values, t.Data)
		tensors = append(tensors, quantizeTensor(values, t.Shape[0], t.Shape[1]))
	}
	q, err := b.Int8Matrix(tensors...)
	if err != nil {
		return nil, err
	}
	m.(*matrix).quantized = q.(*matrix).quantized
	return m, nil
}

// quantizeTensor quantizes a weight [n, k] into bytes at an odd address, as they may lie in a mapped file.
func quantizeTensor(values []float32, n, k int) backend.Int8Tensor {
	depth := backend.Int8Depth(k)
	t := backend.Int8Tensor{Name: "quantized", K: k, Values: make([]byte, 1+n*depth)[1:]}
	for row := range n {
		scale, sum := backend.QuantizeRow(t.Values[row*depth:][:depth], values[row*k:][:k])
		t.Scales, t.Sums = append(t.Scales, scale), append(t.Sums, sum)
	}
	return t
}

func newInt8At(t testing.TB, l level, threads int) Int8 {
	t.Helper()
	return Int8{newBackendAt(t, l, threads)}
}

func TestConformanceInt8(t *testing.T) {
	for _, l := range levels() {
		threads := 1
		if raceDetector {
			if l == pureGo {
				continue // the operations share nothing that those of float32 do not, and this is slow
			}
			threads = 3
		}
		t.Run(fmt.Sprintf("%v/threads=%d", l, threads), func(t *testing.T) {
			conformance.RunSubject(t, conformance.Subject{
				New:       func() backend.Backend { return quantizing{newInt8At(t, l, threads)} },
				Tolerance: int8Tolerance,
				HeadDims:  []int{16, 24},
			})
		})
	}
}

// TestInt8Classes wants the numerics of int8 to have names of their own.
func TestInt8Classes(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range levels() {
		b := newInt8At(t, l, 1)
		seen[b.Class()], seen[b.Backend.Class()] = true, true
		if b.FLOPS() <= 0 {
			t.Errorf("%v: %g FLOPS", l, b.FLOPS())
		}
		b.Close()
	}
	if len(seen) != 2*len(levels()) {
		t.Errorf("classes %v", seen)
	}
}

func TestInt8Matrix(t *testing.T) {
	b := newInt8At(t, pureGo, 1)
	defer b.Close()
	r := rand.New(rand.NewPCG(1, 2))
	good := func(n, k int) backend.Int8Tensor { return quantizeTensor(numbers32(r, n*k), n, k) }
	m, err := b.Int8Matrix(good(3, 5), good(2, 5))
	if err != nil {
		t.Fatal(err)
	}
	if n, k := m.Dims(); n != 5 || k != 5 {
		t.Errorf("dimensions %d, %d", n, k)
	}
	short := good(3, 5)
	short.Values = short.Values[1:]
	fewer := good(3, 5)
	fewer.Sums = fewer.Sums[1:]
	for _, rows := range [][]backend.Int8Tensor{nil, {short}, {fewer}, {good(3, 5), good(3, 6)}, {{Name: "empty"}}} {
		if _, err := b.Int8Matrix(rows...); !errors.Is(err, ErrArgument) {
			t.Errorf("%v: got %v", rows, err)
		}
	}
}

// TestQuantizeActivation wants bytes within half a step of the value, all in use, and NaN to be kept by the scale.
func TestQuantizeActivation(t *testing.T) {
	row := []float32{0, -0.5, 1.27, 0.635, -1.27}
	scale := activationScale(row)
	for i, want := range []uint8{128, 78, 255, 192, 1} {
		if got := quantizeActivation(row[i], 1/scale); got != want && row[i] != 0.635 {
			t.Errorf("%g: got %d, want %d", row[i], got, want)
		} else if d := math.Abs(float64(int(got)-128)*float64(scale) - float64(row[i])); d > 0.51*float64(scale) {
			t.Errorf("%g: byte %d is %g away", row[i], got, d)
		}
	}
	if s := activationScale([]float32{1, float32(math.NaN()), float32(math.Inf(1))}); s == s {
		t.Errorf("NaN: scale %g", s)
	}
	if s := activationScale(make([]float32, 3)); quantizeActivation(0, 1/s) != activationZero {
		t.Errorf("zeros: scale %g", s)
	}
}

func numbers32(r *rand.Rand, n int) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(r.NormFloat64())
	}
	return values
}
