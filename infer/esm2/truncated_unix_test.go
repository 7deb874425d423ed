//go:build unix

package esm2_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"longfirst/infer/esm2"
	"longfirst/infer/safetensors"
	"longfirst/mmapfasta/mapped"
)

// TestTruncatedWeights cuts the mapped weights off under a loaded model: an error that names the file, not a crash.
func TestTruncatedWeights(t *testing.T) {
	dir := copyFolder(t, batchModel)
	m := load(t, dir)
	r, err := m.NewRunner(10, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	path := filepath.Join(dir, safetensors.SingleFile)
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(pack([]uint8{0, 4, 2}), make([]float32, m.Config().HiddenSize)); err != nil {
		t.Fatal(err)
	}
	if err := r.Finish(); !errors.Is(err, mapped.ErrChanged) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
	if err := m.CheckFinite(); !errors.Is(err, mapped.ErrTruncated) {
		t.Errorf("reading all weights: got %v", err)
	}
	if _, err := esm2.Load(dir, nil); !errors.Is(err, safetensors.ErrFormat) {
		t.Errorf("loading again: got %v", err)
	}
}
