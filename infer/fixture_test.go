package infer

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"longfirst/index"
	"longfirst/infer/cpu"
	"longfirst/infer/esm2"
)

var (
	modelOnce sync.Once
	modelDir  string
)

func TestMain(m *testing.M) {
	code := m.Run()
	if modelDir != "" {
		os.RemoveAll(modelDir)
	}
	os.Exit(code)
}

// tinyModel writes a random-weight model that is quick to compute with, once for all tests.
func tinyModel(t testing.TB) string {
	t.Helper()
	modelOnce.Do(func() {
		dir, err := os.MkdirTemp("", "longfirst-model")
		if err != nil {
			t.Fatal(err)
		}
		config, _ := esm2.Named("tiny")
		config.HiddenSize, config.Heads, config.IntermediateSize, config.Layers = 32, 2, 64, 2
		if err := esm2.Init(dir, config, 1); err != nil {
			t.Fatal(err)
		}
		modelDir = dir
	})
	return modelDir
}

// buildIndex writes FASTA files and indexes them.
func buildIndex(t testing.TB, contents ...string) *index.Index {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for i, content := range contents {
		path := filepath.Join(dir, fmt.Sprintf("file%d.fa", i))
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	x, _, err := index.Ensure(context.Background(), paths, index.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

// protein returns n residues that differ with the seed.
func protein(n, seed int) string {
	const residues = "ACDEFGHIKLMNPQRSTVWY"
	var b strings.Builder
	for i := range n {
		b.WriteByte(residues[(i*i+7*i+seed*(i+3))%len(residues)])
	}
	return b.String()
}

// newEmbedder returns an embedder of x with the tiny model on the CPU.
func newEmbedder(t testing.TB, x *index.Index, threads, tokenBudget int, maxLength int64) *Embedder {
	t.Helper()
	return newEmbedderOf(t, tinyModel(t), x, threads, tokenBudget, maxLength)
}

func newEmbedderOf(t testing.TB, dir string, x *index.Index, threads, tokenBudget int, maxLength int64) *Embedder {
	t.Helper()
	b, err := cpu.New(threads)
	if err != nil {
		t.Fatal(err)
	}
	model, err := esm2.Load(dir, b)
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEmbedder(x, model, EmbeddingColumn(model.Config()), DropGaps, maxLength, tokenBudget)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.Close()
		model.Close()
		b.Close()
	})
	return e
}
