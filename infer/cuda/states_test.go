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

// TestLogitsOfGoldens compares the language-model head with that of transformers.
func TestLogitsOfGoldens(t *testing.T) {
	const dir = "../esm2/testdata/goldens/head24-maskedlm"
	batch, _ := readGolden(t, filepath.Join(dir, "expected.safetensors"))
	set, err := safetensors.Open(filepath.Join(dir, "logits.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	tensor, ok := set.Tensor("logits")
	if !ok {
		t.Fatal("no logits")
	}
	want := make([]float32, len(tensor.Data)/4)
	backend.F32.Widen(want, tensor.Data)
	for _, precision := range []cuda.Precision{cuda.BF16, cuda.FP16, cuda.FP32} {
		t.Run(string(precision), func(t *testing.T) {
			b := open(t, precision)
			defer b.Close()
			m, err := esm2.Load(dir, b)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if err := m.LoadHead(); err != nil {
				t.Fatal(err)
			}
			r, err := m.NewRunner(len(batch.Tokens), batch.Sequences())
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			got := make([]float32, len(want))
			if err := r.StartStates(batch, esm2.States{Layer: m.Config().Layers, Logits: got}); err != nil {
				t.Fatal(err)
			}
			if err := r.Finish(); err != nil {
				t.Fatal(err)
			}
			if precision != cuda.BF16 {
				compareRows(t, precision, got, want, len(batch.Tokens))
				return
			}
			// A token's logits are three roundings to 8 bits further than its states.
			least, v := 1.0, m.Config().VocabSize
			for at := 0; at < len(want); at += v {
				var row, expected []float64
				for i := at; i < at+v; i++ {
					row, expected = append(row, float64(got[i])), append(expected, float64(want[i]))
				}
				least = min(least, cosine(row, expected))
			}
			if !(least >= leastLogits) {
				t.Errorf("smallest cosine %.6f, at least %g is wanted", least, leastLogits)
			}
		})
	}
}

// leastLogits is the least cosine of a token's logits in bf16.
const leastLogits = 0.999

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
