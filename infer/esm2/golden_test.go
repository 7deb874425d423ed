package esm2_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"longfirst/infer/backend"
	"longfirst/infer/cpu"
	"longfirst/infer/esm2"
	"longfirst/infer/safetensors"
)

// Tolerances against transformers' fp32, per token: of the largest difference in units of the row's largest value, and of
// the RMS of the differences in units of the row's RMS.
const (
	largestTolerance = 1e-4
	rmsTolerance     = 2e-5
)

// Limits of the error against float64 in units of transformers' own fp32 error. The pooled rows of the small models are
// few numbers, and what decides is a sequence of one residue, whose mean is one token: its error is one draw.
const (
	exactFactor  = 1.5
	smallPooling = 3
)

// outliers is the golden model some of whose channels are so large that fp32 itself is the limit: it is compared with
// float64 alone.
const outliers = "head32-outliers"

// golden is what transformers computed from a model folder; testdata/goldens/make_goldens.py describes it.
type golden struct {
	*testing.T
	set   *safetensors.Set
	batch backend.Batch
}

func openGolden(t *testing.T, dir string) *golden {
	t.Helper()
	g := &golden{T: t, set: openTensors(t, filepath.Join(dir, "expected.safetensors"))}
	g.readBatch()
	return g
}

func openTensors(t *testing.T, path string) *safetensors.Set {
	t.Helper()
	set, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

// openExact opens what transformers computed in float64.
func openExact(t *testing.T, path string) *golden {
	t.Helper()
	return &golden{T: t, set: openTensors(t, path)}
}

// readBatch reads tokens and lengths.
func (g *golden) readBatch() {
	g.Helper()
	g.batch.CuSeqlens = []int32{0}
	g.batch.Tokens = g.tensor("tokens", "U8").Data
	lengths := g.tensor("lengths", "I32")
	for i := range lengths.Shape[0] {
		length := int32(binary.LittleEndian.Uint32(lengths.Data[4*i:]))
		g.batch.CuSeqlens = append(g.batch.CuSeqlens, g.batch.CuSeqlens[i]+length)
	}
}

func (g *golden) tensor(name, dtype string) safetensors.Tensor {
	g.Helper()
	tensor, ok := g.set.Tensor(name)
	if !ok || tensor.DType != dtype {
		g.Fatalf("%s: no %s tensor %s", g.set.Path(), dtype, name)
	}
	return tensor
}

// rows returns an F32 tensor [T or B, H].
func (g *golden) rows(name string) []float32 {
	g.Helper()
	tensor := g.tensor(name, "F32")
	values := make([]float32, len(tensor.Data)/4)
	backend.F32.Widen(values, tensor.Data)
	return values
}

// exact returns the F64 tensor of that name.
func (g *golden) exact(name string) []float64 {
	g.Helper()
	tensor := g.tensor(name, "F64")
	values := make([]float64, len(tensor.Data)/8)
	for i := range values {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(tensor.Data[8*i:]))
	}
	return values
}

func goldenFolders(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/goldens/*/expected.safetensors")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d golden models (%v)", len(files), err)
	}
	for i, file := range files {
		files[i] = filepath.Dir(file)
	}
	return files
}

// TestGoldens compares every layer, every token and the pooled embeddings with transformers.
func TestGoldens(t *testing.T) {
	for _, dir := range goldenFolders(t) {
		eachLevel(t, filepath.Base(dir), func(t *testing.T) {
			g := openGolden(t, dir)
			m := load(t, dir)
			pooled, hidden := embed(t, m, g.batch)
			layers, width := m.Config().Layers, m.Config().HiddenSize
			if len(hidden) != layers+1 {
				t.Fatalf("%d hidden states of %d layers", len(hidden), layers)
			}
			exact := openExact(t, filepath.Join(dir, "exact.safetensors"))
			last := g.rows(fmt.Sprintf("hidden.%d", layers))
			exact.compareExact("hidden", exactFactor, hidden[layers], last)
			exact.compareExact("pooled", smallPooling, pooled, g.rows("pooled"))
			if filepath.Base(dir) == outliers {
				return
			}
			for l := range hidden {
				name := fmt.Sprintf("hidden.%d", l)
				g.compare(name, hidden[l], g.rows(name), width)
			}
			g.compare("pooled", pooled, g.rows("pooled"), width)
		})
	}
}

// compare checks rows of that width and logs how far they are apart.
func (g *golden) compare(what string, got, want []float32, width int) {
	g.Helper()
	if len(got) != len(want) {
		g.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	var worstLargest, worstRMS float64
	for at := 0; at < len(want); at += width {
		var difference, largest, squares, size float64
		for i := at; i < at+width; i++ {
			d := math.Abs(float64(got[i]) - float64(want[i]))
			if math.IsNaN(d) {
				g.Fatalf("%s: row %d: got %g, want %g", what, at/width, got[i], want[i])
			}
			difference, largest = max(difference, d), max(largest, math.Abs(float64(want[i])))
			squares, size = squares+d*d, size+float64(want[i])*float64(want[i])
		}
		worstLargest = max(worstLargest, difference/largest)
		worstRMS = max(worstRMS, math.Sqrt(squares/size))
	}
	g.Logf("%-9s max |diff| %.1e of the row's largest (limit %.0e), RMS %.1e of its RMS (limit %.0e)",
		what, worstLargest, largestTolerance, worstRMS, rmsTolerance)
	if worstLargest > largestTolerance || worstRMS > rmsTolerance {
		g.Errorf("%s is out of tolerance", what)
	}
}

// compareExact checks values against transformers' float64: the largest error and the RMS of all.
func (g *golden) compareExact(what string, factor float64, got, theirs []float32) {
	g.Helper()
	exact := g.exact(what)
	if len(got) != len(exact) || len(theirs) != len(exact) {
		g.Fatalf("%s: %d values, transformers %d, want %d", what, len(got), len(theirs), len(exact))
	}
	distance := func(values []float32) (largest, rms float64) {
		for i, v := range values {
			d := math.Abs(float64(v) - exact[i])
			largest, rms = max(largest, d), rms+d*d
		}
		return largest, math.Sqrt(rms / float64(len(values)))
	}
	largest, rms := distance(got)
	theirLargest, theirRMS := distance(theirs)
	g.Logf("%-9s against float64: max %.1e, %.2f of transformers' fp32; RMS %.1e, %.2f of it (limit %g)",
		what, largest, largest/theirLargest, rms, rms/theirRMS, factor)
	if !(largest <= factor*theirLargest && rms <= factor*theirRMS) {
		g.Errorf("%s is more than %g times as far off as transformers", what, factor)
	}
}

// eachLevel runs a test with every set of kernels of the CPU backend that the machine has.
func eachLevel(t *testing.T, name string, test func(t *testing.T)) {
	for _, level := range cpu.Levels() {
		t.Run(name+"/"+level, func(t *testing.T) {
			t.Setenv(cpu.LevelVariable, level)
			test(t)
		})
	}
}

func load(t *testing.T, dir string) *esm2.Model {
	t.Helper()
	return loadOn(t, dir, 2)
}

func loadOn(t *testing.T, dir string, threads int) *esm2.Model {
	t.Helper()
	b, err := cpu.New(threads)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	m, err := esm2.Load(dir, b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// embed returns the mean embeddings and all hidden states of a batch.
func embed(t *testing.T, m *esm2.Model, b backend.Batch) (pooled []float32, hidden [][]float32) {
	t.Helper()
	r, err := m.NewRunner(len(b.Tokens), b.Sequences())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.Trace(func(layer int, states []float32) {
		if layer != len(hidden) {
			t.Errorf("layer %d came after %d others", layer, len(hidden))
		}
		hidden = append(hidden, append([]float32(nil), states...))
	})
	pooled = make([]float32, b.Sequences()*m.Config().HiddenSize)
	if err := r.Start(b, pooled); err != nil {
		t.Fatal(err)
	}
	if err := r.Finish(); err != nil {
		t.Fatal(err)
	}
	return pooled, hidden
}

// copyFolder copies the files of a folder.
func copyFolder(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}
