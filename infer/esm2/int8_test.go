package esm2_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"longfirst/infer/cpu"
	"longfirst/infer/esm2"
	"longfirst/infer/safetensors"
)

// int8Cosine is the least cosine between an embedding computed with int8 weights and transformers' own.
const int8Cosine = 0.999

// TestInt8Goldens compares the pooled embeddings and the last hidden states with transformers.
func TestInt8Goldens(t *testing.T) {
	for _, dir := range goldenFolders(t) {
		eachLevel(t, filepath.Base(dir), func(t *testing.T) {
			g := openGolden(t, dir)
			m := loadInt8(t, copyFolder(t, dir))
			pooled, hidden := embed(t, m, g.batch)
			layers, width := m.Config().Layers, m.Config().HiddenSize
			least := leastCosine(pooled, g.rows("pooled"), width)
			tokens := leastCosine(hidden[layers], g.rows(fmt.Sprintf("hidden.%d", layers)), width)
			t.Logf("least cosine of embeddings %.5f (limit %g), of tokens %.5f", least, int8Cosine, tokens)
			if !(least >= int8Cosine) {
				t.Error("out of tolerance")
			}
			if least == 1 {
				t.Error("as exact as float32: not computed with int8 weights")
			}
		})
	}
}

func leastCosine(got, want []float32, width int) float64 {
	least := 1.0
	for at := 0; at < len(want); at += width {
		var dot, a, b float64
		for i := at; i < at+width; i++ {
			x, y := float64(got[i]), float64(want[i])
			dot, a, b = dot+x*y, a+x*x, b+y*y
		}
		least = min(least, dot/math.Sqrt(a*b))
	}
	return least
}

func loadInt8(t *testing.T, dir string) *esm2.Model {
	t.Helper()
	digest, err := esm2.Digest(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	file, _, err := esm2.Int8Weights(t.Context(), dir, digest)
	if err != nil {
		t.Fatal(err)
	}
	b, err := cpu.NewInt8(2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	m, err := esm2.LoadInt8(dir, file, digest, b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// TestInt8Weights makes the file once, again after it was damaged, and not for another model.
func TestInt8Weights(t *testing.T) {
	dir := copyFolder(t, "testdata/goldens/head16-f16")
	digest, err := esm2.Digest(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	file, made, err := esm2.Int8Weights(t.Context(), dir, digest)
	if err != nil || !made || filepath.Dir(file) != dir {
		t.Fatalf("%s, made %v: %v", file, made, err)
	}
	if again, err := esm2.Digest(t.Context(), dir); err != nil || again != digest {
		t.Errorf("the file changed the model's digest (%v)", err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if other, made, err := esm2.Int8Weights(t.Context(), dir, digest); other != file || made || err != nil {
		t.Errorf("again: %s, made %v: %v", other, made, err)
	}
	for name, damaged := range map[string][]byte{"truncated": whole[:len(whole)-1], "flipped": append(append([]byte(nil), whole[:len(whole)/2]...), whole[len(whole)/2:]...)} {
		if name == "flipped" {
			damaged[len(damaged)/2] ^= 1
		}
		if err := os.WriteFile(file, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, made, err := esm2.Int8Weights(t.Context(), dir, digest); !made || err != nil {
			t.Errorf("%s: made %v: %v", name, made, err)
		}
		if now, _ := os.ReadFile(file); string(now) != string(whole) {
			t.Errorf("%s: made again, the file differs", name)
		}
	}
	b, err := cpu.NewInt8(1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := esm2.LoadInt8(dir, file, strings.Repeat("0", 64), b); !errors.Is(err, esm2.ErrWeights) {
		t.Errorf("weights of another model: got %v", err)
	}
}

// TestInt8NaN wants weights that are no numbers to be named.
func TestInt8NaN(t *testing.T) {
	const weight = "encoder.layer.1.intermediate.dense.weight"
	dir := edited(t, "head16-half-frequencies", func(m map[string]safetensors.Tensor) { put(m[weight], 5, math.NaN()) })
	_, _, err := esm2.Int8Weights(t.Context(), dir, strings.Repeat("1", 64))
	if !errors.Is(err, esm2.ErrWeights) || !strings.Contains(err.Error(), weight) {
		t.Errorf("got %v", err)
	}
}

// TestInt8Deep compares with the model's own float32 where eleven of twelve layers are quantized.
func TestInt8Deep(t *testing.T) {
	config, _ := esm2.Named("tiny")
	config.Layers = 12
	dir := filepath.Join(t.TempDir(), "model")
	if err := esm2.Init(dir, config, 1); err != nil {
		t.Fatal(err)
	}
	g := openGolden(t, "testdata/goldens/head16-half-frequencies")
	want, _ := embed(t, load(t, dir), g.batch)
	got, _ := embed(t, loadInt8(t, dir), g.batch)
	least := leastCosine(got, want, config.HiddenSize)
	t.Logf("least cosine %.5f", least)
	if !(least >= int8Cosine) {
		t.Error("out of tolerance")
	}
}
