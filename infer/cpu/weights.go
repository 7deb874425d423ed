package cpu

import (
	"fmt"

	"longfirst/infer/backend"
)

// matrix is a weight [n, k]. The rows stay where the weights file is mapped, in the type they have there: a panel of
// rows is widened each time a tile of tokens is multiplied by it, which costs little beside the tile's products.
type matrix struct {
	n, k      int
	parts     []backend.Tensor // stacked by rows
	quantized *quantized       // instead of parts, where the weights are int8
}

// Matrix takes weights stacked by rows.
func (b *Backend) Matrix(rows ...backend.Tensor) (backend.Matrix, error) {
	if len(rows) == 0 {
		return nil, fmt.Errorf("%w: a matrix of no tensor", ErrArgument)
	}
	m := &matrix{parts: rows}
	for _, t := range rows {
		if len(t.Shape) != 2 || t.Shape[0] < 1 || t.Shape[1] < 1 || t.Shape[1] != rows[0].Shape[1] {
			return nil, fmt.Errorf("%w: tensor %s of shape %v does not stack to a matrix", ErrArgument, t.Name, t.Shape)
		}
		if err := checkSize(t); err != nil {
			return nil, err
		}
		m.n, m.k = m.n+t.Shape[0], t.Shape[1]
	}
	return m, nil
}

func (m *matrix) Dims() (n, k int) { return m.n, m.k }

// row widens elements [k, k+len(dst)) of a row.
func (m *matrix) row(dst []float32, row, k int) {
	for _, t := range m.parts {
		if row < t.Shape[0] {
			t.DType.Widen(dst, t.Data[(row*m.k+k)*t.DType.Size():])
			return
		}
		row -= t.Shape[0]
	}
}

// vector is a bias or a gain [n], widened when it is loaded.
type vector struct{ values []float32 }

// Vector takes vectors laid end to end.
func (b *Backend) Vector(parts ...backend.Tensor) (backend.Vector, error) {
	v := &vector{}
	for _, t := range parts {
		if len(t.Shape) != 1 {
			return nil, fmt.Errorf("%w: tensor %s of shape %v is no vector", ErrArgument, t.Name, t.Shape)
		}
		if err := checkSize(t); err != nil {
			return nil, err
		}
		values := make([]float32, t.Shape[0])
		t.DType.Widen(values, t.Data)
		v.values = append(v.values, values...)
	}
	return v, nil
}

func (v *vector) Len() int { return len(v.values) }

func checkSize(t backend.Tensor) error {
	size := t.DType.Size()
	for _, n := range t.Shape {
		size *= n
	}
	if size != len(t.Data) {
		return fmt.Errorf("%w: tensor %s, %s %v, has %d bytes instead of %d", ErrArgument, t.Name, t.DType, t.Shape, len(t.Data), size)
	}
	return nil
}
