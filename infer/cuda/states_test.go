//go:build cuda

package cuda_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"longfirst/infer/backend"
	"longfirst/infer/cuda"
	"longfirst/infer/esm2"
	"longfirst/infer/safetensors"
)

// TestStatesOfGoldens compares the hidden states of every layer, and their means, with transformers: what all columns are made
// of.
func TestStatesOfGoldens(t *testing.T) {
	for _, name := range []string{"head16-half-frequencies", "head64-sharded"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join("../esm2/testdata/goldens", name)
			file := filepath.Join(dir, "expected.safetensors")
			batch, _ := readGolden(t, file)
			set, err := safetensors.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer set.Close()
			b := open(t, cuda.FP32)
			defer b.Close()
			m, err := esm2.Load(dir, b)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			h := m.Config().HiddenSize
			var states []esm2.States
			for layer := range m.Config().Layers + 1 {
				states = append(states, esm2.States{Layer: layer, Mean: make([]float32, batch.Sequences()*h), Hidden: make([]float32, len(batch.Tokens)*h)})
			}
			r, err := m.NewRunner(len(batch.Tokens), batch.Sequences())
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			for range 2 { // what is left of one batch must not show in the next
				if err := r.StartStates(batch, states...); err != nil {
					t.Fatal(err)
				}
				if err := r.Finish(); err != nil {
					t.Fatal(err)
				}
			}
			for _, s := range states {
				tensor, ok := set.Tensor(fmt.Sprintf("hidden.%d", s.Layer))
				if !ok {
					t.Fatalf("no hidden states of layer %d", s.Layer)
				}
				want := make([]float32, len(s.Hidden))
				backend.F32.Widen(want, tensor.Data)
				compareRows(t, cuda.FP32, s.Hidden, want, len(batch.Tokens))
				compareRows(t, cuda.FP32, s.Mean, means(batch, want, h), batch.Sequences())
			}
		})
	}
}

// means are those of the states of each sequence's residues.
func means(b backend.Batch, states []float32, h int) []float32 {
	values := make([]float32, b.Sequences()*h)
	for i := range b.Sequences() {
		first, end := int(b.CuSeqlens[i])+1, int(b.CuSeqlens[i+1])-1
		for d := range h {
			var sum float64
			for token := first; token < end; token++ {
				sum += float64(states[token*h+d])
			}
			values[i*h+d] = float32(sum / float64(end-first))
		}
	}
	return values
}
