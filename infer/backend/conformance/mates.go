package conformance

import (
	"slices"
	"testing"

	"longfirst/infer/backend"
)

// block is one transformer layer's worth of operations, so that every operation is between input and output.
type block struct {
	table, qkv, out, up, down     backend.Matrix
	gain, bias, bias3, wide, freq backend.Vector
	h, f, heads                   int
}

func newBlock(b *bench, h, f, heads int) *block {
	return &block{
		table: b.matrix(b.numbers(256*h, 1), 256, h),
		qkv:   b.matrix(b.numbers(3*h*h, 0.2), 3*h, h),
		out:   b.matrix(b.numbers(h*h, 0.1), h, h),
		up:    b.matrix(b.numbers(f*h, 0.1), f, h),
		down:  b.matrix(b.numbers(h*f, 0.1), h, f),
		gain:  b.vector(b.numbers(h, 1)), bias: b.vector(b.numbers(h, 1)), bias3: b.vector(b.numbers(3*h, 1)),
		wide: b.vector(b.numbers(f, 1)), freq: b.vector(b.frequencies(h / heads / 2)),
		h: h, f: f, heads: heads,
	}
}

// run returns the mean embeddings [B, h] and the hidden states [T, h] of a batch.
func (l *block) run(b *bench, s backend.Stream, batch backend.Batch) (pooled, hidden []float32) {
	b.Helper()
	b.must(s.Begin(batch))
	buffer := func(width int) backend.Activation {
		a, err := s.Activation(width)
		b.must(err)
		return a
	}
	x, y, qkv, wide := buffer(l.h), buffer(l.h), buffer(3*l.h), buffer(l.f)
	s.Embed(x, l.table, 0.88)
	s.LayerNorm(y, x, l.gain, l.bias, 1e-5)
	s.LinearQKV(qkv, y, l.qkv, l.bias3, l.freq, l.heads)
	s.Attention(y, qkv, l.heads)
	s.LinearAdd(x, y, l.out, l.bias)
	s.LayerNorm(y, x, l.gain, l.bias, 1e-5)
	s.LinearGELU(wide, y, l.up, l.wide)
	s.LinearAdd(x, wide, l.down, l.bias)
	pooled, hidden = make32(batch.Sequences()*l.h), make32(len(batch.Tokens)*l.h)
	s.MeanPool(pooled, x)
	s.Read(hidden, x)
	b.must(s.Finish())
	return pooled, hidden
}

// testBatchMates runs random sequences alone and in random batches, on streams of other sizes, and wants the same bits.
func testBatchMates(t *testing.T, subject Subject) {
	b := newBench(t, subject, 1)
	l := newBlock(b, 48, 100, 2)
	var sequences [][]uint8
	for range 12 {
		sequence := make8(2 + b.random.IntN(150))
		for i := range sequence {
			sequence[i] = uint8(b.random.IntN(256))
		}
		sequences = append(sequences, sequence)
	}
	type result struct{ pooled, hidden []float32 }
	var alone []result
	for _, sequence := range sequences {
		s, err := b.backend.NewStream(len(sequence), 1)
		b.must(err)
		pooled, hidden := l.run(b, s, backend.Batch{Tokens: sequence, CuSeqlens: []int32{0, int32(len(sequence))}})
		alone = append(alone, result{pooled, hidden})
		b.must(s.Close())
	}
	s, err := b.backend.NewStream(12*152, 12)
	b.must(err)
	defer func() { b.must(s.Close()) }()
	for range 5 {
		order := b.random.Perm(len(sequences))[:1+b.random.IntN(12)]
		batch := backend.Batch{CuSeqlens: []int32{0}}
		for _, i := range order {
			batch.Tokens = append(batch.Tokens, sequences[i]...)
			batch.CuSeqlens = append(batch.CuSeqlens, int32(len(batch.Tokens)))
		}
		pooled, hidden := l.run(b, s, batch)
		for place, i := range order {
			from, to := int(batch.CuSeqlens[place]), int(batch.CuSeqlens[place+1])
			if !slices.Equal(pooled[place*l.h:][:l.h], alone[i].pooled) ||
				!slices.Equal(hidden[from*l.h:to*l.h], alone[i].hidden) {
				t.Fatalf("sequence of %d tokens at place %d of %d differs from itself alone", to-from, place, len(order))
			}
		}
	}
}

// testTinySequences runs thousands of the shortest sequences, and one longer among them, and wants the bits that a few of
// them have alone.
func testTinySequences(t *testing.T, subject Subject) {
	b := newBench(t, subject, 1)
	l := newBlock(b, 16, 20, 1)
	const sequences, longer = 3000, 1234
	batch := backend.Batch{CuSeqlens: []int32{0}}
	for i := range sequences {
		length := 3 // a residue between BOS and EOS
		if i == longer {
			length = 100
		}
		for range length {
			batch.Tokens = append(batch.Tokens, uint8(b.random.IntN(256)))
		}
		batch.CuSeqlens = append(batch.CuSeqlens, int32(len(batch.Tokens)))
	}
	s, err := b.backend.NewStream(len(batch.Tokens), sequences)
	b.must(err)
	defer func() { b.must(s.Close()) }()
	pooled, _ := l.run(b, s, batch)
	for _, i := range []int{0, 1, 7, 8, 500, longer - 1, longer, longer + 1, sequences - 1} {
		tokens := batch.Tokens[batch.CuSeqlens[i]:batch.CuSeqlens[i+1]]
		alone, _ := l.run(b, s, backend.Batch{Tokens: tokens, CuSeqlens: []int32{0, int32(len(tokens))}})
		if !slices.Equal(alone, pooled[i*l.h:][:l.h]) {
			t.Fatalf("sequence %d of %d differs from itself alone", i, sequences)
		}
	}
}

func make8(n int) []uint8 { return make([]uint8, n) }
