package cpu

import (
	"errors"
	"strings"
	"testing"

	"longfirst/infer/backend"
)

// TestShapes checks that Finish reports an operation whose shapes disagree, that nothing after it runs, and that the next
// batch starts afresh.
func TestShapes(t *testing.T) {
	for _, l := range levels() {
		t.Run(l.String(), func(t *testing.T) { testShapes(t, l) })
	}
}

func testShapes(t *testing.T, l level) {
	b := newBackendAt(t, l, 2)
	defer b.Close()
	s, err := b.NewStream(3, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	buffer := func(width int) backend.Activation {
		a, err := s.Activation(width)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	narrow, wide := buffer(4), buffer(12)
	weight := &matrix{n: 12, k: 4, parts: []backend.Tensor{{Shape: []int{12, 4}, Data: make([]byte, 4*48)}}}
	square := &matrix{n: 4, k: 4, parts: weight.parts}
	vector4, vector12, half := &vector{make([]float32, 4)}, &vector{make([]float32, 12)}, &vector{make([]float32, 1)}
	batch := backend.Batch{Tokens: []uint8{1, 2, 3}, CuSeqlens: []int32{0, 3}}

	for _, test := range []struct {
		operation string
		queue     func()
	}{
		{"embed", func() { s.Embed(wide, weight, 1) }},
		{"embed", func() { s.Embed(narrow, &matrix{n: 3, k: 4, parts: weight.parts}, 1) }},
		{"norm", func() { s.LayerNorm(narrow, wide, vector12, vector12, 1) }},
		{"norm", func() { s.LayerNorm(narrow, narrow, vector12, vector4, 1) }},
		{"qkv", func() { s.LinearQKV(wide, narrow, weight, vector12, vector4, 2) }},
		{"qkv", func() { s.LinearQKV(wide, narrow, weight, vector12, half, 3) }},
		{"qkv", func() { s.LinearQKV(wide, wide, weight, vector12, half, 2) }},
		{"attention", func() { s.Attention(wide, narrow, 2) }},
		{"attention", func() { s.Attention(narrow, wide, 3) }},
		{"gelu", func() { s.LinearGELU(wide, narrow, weight, vector4) }},
		{"add", func() { s.LinearAdd(narrow, narrow, square, vector4) }},
		{"mean", func() { s.MeanPool(make([]float32, 5), narrow) }},
		{"read", func() { s.Read(make([]float32, 5), narrow) }},
	} {
		if err := s.Begin(batch); err != nil {
			t.Fatal(err)
		}
		test.queue()
		after := []float32{7, 7, 7, 7}
		s.MeanPool(after, narrow)
		err := s.Finish()
		if !errors.Is(err, ErrArgument) || !strings.Contains(err.Error(), test.operation+":") {
			t.Errorf("%s: got %v", test.operation, err)
		}
		if after[0] != 7 {
			t.Errorf("%s: the operation after it ran", test.operation)
		}
	}
	if err := s.Begin(batch); err != nil {
		t.Fatal(err)
	}
	s.Embed(narrow, weight, 1)
	if err := s.Finish(); err != nil {
		t.Errorf("after refused batches: got %v", err)
	}

	for _, bad := range []backend.Batch{{}, {CuSeqlens: []int32{0}}, {Tokens: make([]uint8, 4), CuSeqlens: []int32{0, 4}},
		{Tokens: make([]uint8, 2), CuSeqlens: []int32{0, 1, 2}}, {Tokens: make([]uint8, 2), CuSeqlens: []int32{0, 1}}} {
		if err := s.Begin(bad); !errors.Is(err, ErrArgument) {
			t.Errorf("batch %v: got %v", bad, err)
		}
	}
}

func TestArguments(t *testing.T) {
	if _, err := New(-1); !errors.Is(err, ErrArgument) {
		t.Errorf("threads: got %v", err)
	}
	b := newBackend(t, 0)
	defer b.Close()
	if b.Threads() < 1 {
		t.Errorf("%d threads", b.Threads())
	}
	tensor := func(bytes int, shape ...int) backend.Tensor {
		return backend.Tensor{Name: "w", Shape: shape, Data: make([]byte, bytes)}
	}
	for _, rows := range [][]backend.Tensor{
		nil,
		{tensor(8, 2)},
		{tensor(8, 2, 1), tensor(8, 1, 2)},
		{tensor(7, 2, 1)},
		{tensor(0, 0, 1)},
	} {
		if _, err := b.Matrix(rows...); !errors.Is(err, ErrArgument) {
			t.Errorf("matrix of %v: got %v", rows, err)
		}
	}
	for _, part := range []backend.Tensor{tensor(8, 2, 1), tensor(9, 2)} {
		if _, err := b.Vector(part); !errors.Is(err, ErrArgument) {
			t.Errorf("vector of %v: got %v", part, err)
		}
	}
	if _, err := b.NewStream(0, 1); !errors.Is(err, ErrArgument) {
		t.Errorf("stream: got %v", err)
	}
	s, err := b.NewStream(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Activation(0); !errors.Is(err, ErrArgument) {
		t.Errorf("activation: got %v", err)
	}
}
