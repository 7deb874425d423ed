package esm2_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"longfirst/infer/backend"
	"longfirst/infer/esm2"
	"longfirst/infer/safetensors"
)

// small returns the architecture of tiny in one layer.
func small() esm2.Config {
	c, _ := esm2.Named("tiny")
	c.Layers = 1
	return c
}

// TestInitBytes pins the weights that a seed gives: they are the same on every platform and in every version.
func TestInitBytes(t *testing.T) {
	const want = "e411fe805aba126eb12d6bcbf5f522ee9b54f74abfa836df9edb5fb214fc93b8"
	dir := filepath.Join(t.TempDir(), "new", "model")
	if err := esm2.Init(dir, small(), 1); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(dir, safetensors.SingleFile))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil || !strings.Contains(string(readme), "no biological meaning") {
		t.Errorf("README %q, %v", readme, err)
	}

	other := t.TempDir()
	if err := esm2.Init(other, small(), 2); err != nil {
		t.Fatal(err)
	}
	if digest(t, dir) == digest(t, other) {
		t.Error("two seeds, one model")
	}
	if err := esm2.Init(dir, small(), 1); !errors.Is(err, esm2.ErrExists) {
		t.Errorf("over a model: got %v", err)
	}
	bad := small()
	bad.Heads = 3
	if err := esm2.Init(t.TempDir(), bad, 1); !errors.Is(err, esm2.ErrConfig) {
		t.Errorf("bad config: got %v", err)
	}
}

// TestInitAs: BF16 weights are the F32 ones rounded to the nearest, and make a model that is close to theirs.
func TestInitAs(t *testing.T) {
	full, half := filepath.Join(t.TempDir(), "full"), filepath.Join(t.TempDir(), "half")
	if err := errors.Join(esm2.Init(full, small(), 1), esm2.InitAs(half, small(), 1, backend.BF16)); err != nil {
		t.Fatal(err)
	}
	read := func(dir string) []float32 {
		set, err := safetensors.OpenModel(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer set.Close()
		tensor, _ := set.Tensor("encoder.layer.0.output.dense.weight")
		values := make([]float32, tensor.Shape[0]*tensor.Shape[1])
		map[string]backend.DType{"F32": backend.F32, "BF16": backend.BF16}[tensor.DType].Widen(values, tensor.Data)
		if want := map[string]int{full: 4, half: 2}[dir] * len(values); len(tensor.Data) != want {
			t.Fatalf("%s: %d bytes, want %d", dir, len(tensor.Data), want)
		}
		return values
	}
	rounded := read(half)
	for i, v := range read(full) {
		if d := math.Abs(float64(v - rounded[i])); d > math.Abs(float64(v))/256 {
			t.Fatalf("weight %d is %g, rounded %g", i, v, rounded[i])
		}
	}
	if _, err := load(t, half).Verify(); err != nil {
		t.Error(err)
	}
	if err := esm2.InitAs(t.TempDir(), small(), 1, backend.F16); !errors.Is(err, esm2.ErrConfig) {
		t.Errorf("F16: got %v", err)
	}
}

// TestInitModel checks that a random model loads and that its hidden states keep about unit size in every layer.
func TestInitModel(t *testing.T) {
	dir := t.TempDir()
	c, _ := esm2.Named("tiny")
	if err := esm2.Init(dir, c, 7); err != nil {
		t.Fatal(err)
	}
	read, err := esm2.ReadConfig(dir)
	if err != nil || read != c {
		t.Errorf("config %+v, written %+v, %v", read, c, err)
	}
	m := load(t, dir)
	pooled, hidden := embed(t, m, pack(randomSequences(2, 100, 1)...))
	for l, states := range hidden {
		var squares float64
		for _, v := range states {
			squares += float64(v) * float64(v)
		}
		if rms := math.Sqrt(squares / float64(len(states))); !(rms > 0.5 && rms < 5) {
			t.Errorf("hidden state %d has RMS %g", l, rms)
		}
	}
	var difference float64
	for i := range c.HiddenSize {
		difference = max(difference, math.Abs(float64(pooled[i]-pooled[c.HiddenSize+i])))
	}
	if difference < 0.1 {
		t.Errorf("two sequences have nearly the same embedding: %g", difference)
	}
	if err := m.CheckFinite(); err != nil {
		t.Error(err)
	}
}
