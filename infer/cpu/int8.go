package cpu

import (
	"fmt"
	"math"

	"longfirst/infer/backend"
)

// Int8 is a Backend whose linear layers may have int8 weights; package backend has the arithmetic. Attention, norms and
// whatever has a Matrix of its own stay float32.
type Int8 struct{ *Backend }

var _ backend.Int8 = Int8{}

// NewInt8 is New for weights of int8.
func NewInt8(threads int) (Int8, error) {
	b, err := New(threads)
	return Int8{b}, err
}

// Class returns the name of the numerics.
func (b Int8) Class() string { return traits[b.level].int8Class }

// FLOPS returns the operations a second that the threads about reach with a model.
func (b Int8) FLOPS() float64 { return b.Backend.FLOPS() * traits[b.level].int8Speed }

// quantized is the weights of a matrix of int8. The bytes stay where their file is mapped.
type quantized struct {
	depth       int // bytes of a row
	parts       []backend.Int8Tensor
	scales      []float32 // [n]
	corrections []int32   // [n] -128 times the sum of a row: activations are raised by 128
}

// activationZero is the byte of an activation of 0.
const activationZero = 128

// Int8Matrix takes quantized weights stacked by rows.
func (b Int8) Int8Matrix(rows ...backend.Int8Tensor) (backend.Matrix, error) {
	if len(rows) == 0 {
		return nil, fmt.Errorf("%w: a matrix of no tensor", ErrArgument)
	}
	q := &quantized{depth: backend.Int8Depth(rows[0].K), parts: rows}
	m := &matrix{k: rows[0].K, quantized: q}
	for _, t := range rows {
		n := len(t.Scales)
		if t.K < 1 || t.K != m.k || n < 1 || len(t.Sums) != n || len(t.Values) != n*q.depth {
			return nil, fmt.Errorf("%w: tensor %s, int8 [%d, %d], has %d bytes and %d sums of rows and does not stack to a matrix",
				ErrArgument, t.Name, n, t.K, len(t.Values), len(t.Sums))
		}
		m.n += n
		q.scales = append(q.scales, t.Scales...)
		for _, sum := range t.Sums {
			q.corrections = append(q.corrections, -activationZero*sum)
		}
	}
	return m, nil
}

// row returns the bytes of a row.
func (q *quantized) row(row int) []byte {
	for _, t := range q.parts {
		if row < len(t.Scales) {
			return t.Values[row*q.depth:][:q.depth]
		}
		row -= len(t.Scales)
	}
	return nil
}

// smallestActivation is the least value that a token's largest is taken for.
const smallestActivation = 1e-30

// activationScale returns a token's scale, NaN where the token holds NaN.
func activationScale(row []float32) float32 {
	largest := math.Float32bits(smallestActivation)
	for _, v := range row {
		largest = max(largest, math.Float32bits(v)&^(1<<31)) // in the order of the values, NaN last
	}
	return math.Float32frombits(largest) / math.MaxInt8
}

// quantizeActivation returns the byte of a value; inverse is 1 divided by its token's scale.
func quantizeActivation(v, inverse float32) uint8 {
	q := math.RoundToEven(float64(float32(v * inverse)))
	if !(math.Abs(q) <= math.MaxInt8) {
		return activationZero // the scale is no number, nor will the products be
	}
	return uint8(activationZero + int(q))
}

// product returns what a sum of products stands for.
func (q *quantized) product(row int, sum int32, tokenScale float32) float32 {
	return float32(float32(sum+q.corrections[row]) * float32(q.scales[row]*tokenScale))
}

// accumulateInt8 writes the products of tokens [from, to) and columns [column, column+width) to sums [to-from, stride].
func (l *linear) accumulateInt8(w *worker, sums []float64, stride, from, to, column, width int) {
	q := l.weight.quantized
	x := grow(&w.bytes, q.depth)
	for token := from; token < to; token++ {
		row := l.src.row(token)
		scale := activationScale(row)
		for k, v := range row {
			x[k] = quantizeActivation(v, 1/scale)
		}
		for c := range width {
			var sum int32
			for k, v := range q.row(column + c)[:len(row)] {
				sum += int32(int8(v)) * int32(x[k])
			}
			sums[(token-from)*stride+c] = float64(q.product(column+c, sum, scale))
		}
	}
}
