package esm2_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"longfirst/infer/backend"
	"longfirst/infer/esm2"
	"longfirst/infer/safetensors"
)

// TestLogitsOfGoldens compares the language-model head with that of transformers.
func TestLogitsOfGoldens(t *testing.T) {
	files, err := filepath.Glob("testdata/goldens/*/logits.safetensors")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d golden heads (%v)", len(files), err)
	}
	for _, file := range files {
		dir := filepath.Dir(file)
		eachLevel(t, filepath.Base(dir), func(t *testing.T) {
			g := openGolden(t, dir)
			m := load(t, dir)
			for range 2 { // the second one is there already
				if err := m.LoadHead(); err != nil {
					t.Fatal(err)
				}
			}
			set, err := safetensors.Open(file)
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
			r, err := m.NewRunner(len(g.batch.Tokens), g.batch.Sequences())
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			got := make([]float32, len(want))
			for range 2 { // what is left of a batch must not be added to
				if err := r.StartStates(g.batch, esm2.States{Layer: m.Config().Layers, Logits: got}); err != nil {
					t.Fatal(err)
				}
				if err := r.Finish(); err != nil {
					t.Fatal(err)
				}
			}
			g.compare("logits", got, want, m.Config().VocabSize)
			if err := r.StartStates(g.batch, esm2.States{Layer: 0, Logits: got}); !errors.Is(err, esm2.ErrBatch) {
				t.Errorf("logits of layer 0: %v", err)
			}
		})
	}
}

func TestModelWithoutHead(t *testing.T) {
	m := load(t, "testdata/goldens/head16-f16")
	if err := m.LoadHead(); !errors.Is(err, esm2.ErrWeights) || !strings.Contains(err.Error(), "lm_head.dense.weight") {
		t.Fatal(err)
	}
	r, err := m.NewRunner(3, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	batch := backend.Batch{Tokens: []uint8{0, 4, 2}, CuSeqlens: []int32{0, 3}}
	if err := r.StartStates(batch, esm2.States{Layer: m.Config().Layers, Logits: make([]float32, 3*33)}); !errors.Is(err, esm2.ErrBatch) {
		t.Fatal(err)
	}
}
