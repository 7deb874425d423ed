//go:build amd64 && !purego

package cpu

import (
	"math"
	"math/rand/v2"
	"testing"

	"longfirst/infer/backend"
)

// TestLongSequence computes attention over 20,000 tokens on several goroutines. Tokens are ids of a table, so the exact
// result is that of a softmax over the table's rows, each counted as often as it occurs.
func TestLongSequence(t *testing.T) {
	eachVectorLevel(t, func(t *testing.T, l level, r *rand.Rand) {
		const tokens, kinds, headDim = 20_000, 256, 16
		b := newBackendAt(t, l, 3)
		defer b.Close()
		s, err := b.NewStream(tokens, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		table := numbers(r, kinds*3*headDim)
		for i := range table {
			if i/headDim%3 == 0 {
				table[i] /= 4 // queries come multiplied by 1/sqrt(D)
			}
		}
		data := make([]byte, 0, 4*len(table))
		for _, v := range table {
			bits := math.Float32bits(v)
			data = append(data, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
		}
		m, err := b.Matrix(backend.Tensor{Shape: []int{kinds, 3 * headDim}, Data: data})
		if err != nil {
			t.Fatal(err)
		}
		qkv, _ := s.Activation(3 * headDim)
		out, _ := s.Activation(headDim)
		batch := backend.Batch{CuSeqlens: []int32{0, tokens}}
		var counts [kinds]float64
		for range tokens {
			id := uint8(r.IntN(kinds))
			counts[id]++
			batch.Tokens = append(batch.Tokens, id)
		}
		if err := s.Begin(batch); err != nil {
			t.Fatal(err)
		}
		s.Embed(qkv, m, 1)
		s.Attention(out, qkv, 1)
		got := make([]float32, tokens*headDim)
		s.Read(got, out)
		if err := s.Finish(); err != nil {
			t.Fatal(err)
		}

		row := func(id uint8, third int) []float32 { return table[(int(id)*3+third)*headDim:][:headDim] }
		var want [kinds][headDim]float64
		for query := range kinds {
			var total float64
			for key := range kinds {
				var score float64
				for i, q := range row(uint8(query), 0) {
					score += float64(q) * float64(row(uint8(key), 1)[i])
				}
				weight := counts[key] * math.Exp(score)
				total += weight
				for i, v := range row(uint8(key), 2) {
					want[query][i] += weight * float64(v)
				}
			}
			for i := range want[query] {
				want[query][i] /= total
			}
		}
		for i, v := range got {
			if w := want[batch.Tokens[i/headDim]][i%headDim]; math.Abs(float64(v)-w) > 1e-5 {
				t.Fatalf("token %d column %d: got %g, want %g", i/headDim, i%headDim, v, w)
			}
		}
	})
}
