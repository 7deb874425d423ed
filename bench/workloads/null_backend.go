package workloads

import (
	"math"

	"github.com/zeebo/xxh3"

	"longfirst/infer/backend"
)

// nullBackend is a device that takes no time: what is left is the work of feeding it. It hashes the tokens it is fed, all
// batches in one, so that the hash does not depend on where they were cut.
type nullBackend struct {
	tokens  *xxh3.Hasher
	fed     int64
	batches int64
}

type nullMatrix struct{ n, k int }

func (m nullMatrix) Dims() (n, k int) { return m.n, m.k }

type nullVector int

func (v nullVector) Len() int { return int(v) }

type nullActivation int

func (a nullActivation) Width() int { return int(a) }

func (b *nullBackend) Class() string { return "null" }

func (b *nullBackend) FLOPS() float64 { return math.Inf(1) }

func (b *nullBackend) Matrix(rows ...backend.Tensor) (backend.Matrix, error) {
	m := nullMatrix{k: rows[0].Shape[1]}
	for _, t := range rows {
		m.n += t.Shape[0]
	}
	return m, nil
}

func (b *nullBackend) Vector(parts ...backend.Tensor) (backend.Vector, error) {
	var v nullVector
	for _, t := range parts {
		v += nullVector(t.Shape[0])
	}
	return v, nil
}

func (b *nullBackend) NewStream(int, int) (backend.Stream, error) {
	return &nullStream{backend: b}, nil
}

func (b *nullBackend) Close() error { return nil }

type nullStream struct{ backend *nullBackend }

func (s *nullStream) Activation(width int) (backend.Activation, error) {
	return nullActivation(width), nil
}

func (s *nullStream) Begin(b backend.Batch) error {
	s.backend.tokens.Write(b.Tokens)
	s.backend.fed += int64(len(b.Tokens))
	s.backend.batches++
	return nil
}

func (s *nullStream) Embed(backend.Activation, backend.Matrix, float32) {}

func (s *nullStream) LayerNorm(_, _ backend.Activation, _, _ backend.Vector, _ float32) {}

func (s *nullStream) LinearQKV(_, _ backend.Activation, _ backend.Matrix, _, _ backend.Vector, _ int) {
}

func (s *nullStream) Attention(_, _ backend.Activation, _ int) {}

func (s *nullStream) LinearGELU(_, _ backend.Activation, _ backend.Matrix, _ backend.Vector) {}

func (s *nullStream) LinearAdd(_, _ backend.Activation, _ backend.Matrix, _ backend.Vector) {}

func (s *nullStream) MeanPool([]float32, backend.Activation) {}

func (s *nullStream) Read([]float32, backend.Activation) {}

func (s *nullStream) Finish() error { return nil }

func (s *nullStream) Close() error { return nil }
