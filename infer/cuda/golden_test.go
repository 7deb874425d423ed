//go:build cuda

package cuda_test

import (
	"encoding/binary"
	"math"
	"path/filepath"
	"testing"

	"longfirst/infer/backend"
	"longfirst/infer/cuda"
	"longfirst/infer/esm2"
	"longfirst/infer/safetensors"
)

// Limits against transformers' fp32: the largest difference of a row in units of its largest value for FP32, else the
// smallest cosine, and the same once the mean row was subtracted.
const (
	largestDifference = 1e-4
	leastCosine       = 0.9995
	leastCentred      = 0.999
)

// TestGoldens compares the mean embeddings of every golden model of package esm2 with transformers.
func TestGoldens(t *testing.T) {
	files, err := filepath.Glob("../esm2/testdata/goldens/*/expected.safetensors")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d golden models (%v)", len(files), err)
	}
	for _, precision := range []cuda.Precision{cuda.BF16, cuda.FP16, cuda.FP32} {
		for _, file := range files {
			dir := filepath.Dir(file)
			t.Run(string(precision)+"/"+filepath.Base(dir), func(t *testing.T) {
				batch, want := readGolden(t, file)
				got := embed(t, open(t, precision), dir, batch)
				compareRows(t, precision, got, want, batch.Sequences())
			})
		}
	}
}

// readGolden returns a golden batch and its mean embeddings.
func readGolden(t *testing.T, file string) (batch backend.Batch, pooled []float32) {
	t.Helper()
	set, err := safetensors.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	tensor := func(name string) safetensors.Tensor {
		tensor, ok := set.Tensor(name)
		if !ok {
			t.Fatalf("%s: no tensor %s", file, name)
		}
		return tensor
	}
	batch = backend.Batch{Tokens: tensor("tokens").Data, CuSeqlens: []int32{0}}
	lengths := tensor("lengths")
	for i := range lengths.Shape[0] {
		batch.CuSeqlens = append(batch.CuSeqlens, batch.CuSeqlens[i]+int32(binary.LittleEndian.Uint32(lengths.Data[4*i:])))
	}
	data := tensor("pooled").Data
	pooled = make([]float32, len(data)/4)
	backend.F32.Widen(pooled, data)
	return batch, pooled
}

// embed returns the mean embeddings of a batch, which is computed twice over on two runners: what is left of one batch
// must not show in the next.
func embed(t *testing.T, b backend.Backend, dir string, batch backend.Batch) []float32 {
	t.Helper()
	defer b.Close()
	m, err := esm2.Load(dir, b)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var runners [2]*esm2.Runner
	var pooled [4][]float32
	for i := range runners {
		if runners[i], err = m.NewRunner(len(batch.Tokens)+i, batch.Sequences()+i); err != nil {
			t.Fatal(err)
		}
		defer runners[i].Close()
	}
	for i := range pooled {
		pooled[i] = make([]float32, batch.Sequences()*m.Config().HiddenSize)
		if i >= len(runners) {
			if err := runners[i%len(runners)].Finish(); err != nil {
				t.Fatal(err)
			}
		}
		if err := runners[i%len(runners)].Start(batch, pooled[i]); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range runners {
		if err := r.Finish(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range pooled {
		for j := range pooled[i] {
			if math.Float32bits(pooled[i][j]) != math.Float32bits(pooled[0][j]) {
				t.Fatalf("run %d: value %d is %g, in the first run %g", i, j, pooled[i][j], pooled[0][j])
			}
		}
	}
	return pooled[0]
}

func compareRows(t *testing.T, precision cuda.Precision, got, want []float32, rows int) {
	t.Helper()
	width := len(want) / rows
	mean := make([]float64, width)
	for i, v := range want {
		mean[i%width] += float64(v) / float64(rows)
	}
	raw, centred, difference := 1.0, 1.0, 0.0
	for row := range rows {
		a, b := make([]float64, width), make([]float64, width)
		var largest, distance float64
		for i := range width {
			a[i], b[i] = float64(got[row*width+i]), float64(want[row*width+i])
			largest, distance = max(largest, math.Abs(b[i])), max(distance, math.Abs(a[i]-b[i]))
		}
		difference = max(difference, distance/largest)
		raw = min(raw, cosine(a, b))
		for i := range width {
			a[i], b[i] = a[i]-mean[i], b[i]-mean[i]
		}
		centred = min(centred, cosine(a, b))
	}
	t.Logf("largest difference %.1e, smallest cosine %.6f, centred %.6f", difference, raw, centred)
	if precision == cuda.FP32 {
		if !(difference <= largestDifference) {
			t.Errorf("a row is off by %.1e of its largest value, at most %.0e is allowed", difference, largestDifference)
		}
		return
	}
	if !(raw >= leastCosine && centred >= leastCentred) {
		t.Errorf("cosines %.6f and %.6f, at least %g and %g are wanted", raw, centred, leastCosine, leastCentred)
	}
}

func cosine(a, b []float64) float64 {
	var product, squareA, squareB float64
	for i := range a {
		product, squareA, squareB = product+a[i]*b[i], squareA+a[i]*a[i], squareB+b[i]*b[i]
	}
	return product / math.Sqrt(squareA*squareB)
}
