//go:build cuda

package workloads

import (
	"os"
	"testing"

	"longfirst/bench"
	"longfirst/bench/gen"
	"longfirst/infer/backend"
)

func TestInferOnAGPU(t *testing.T) {
	if os.Getenv("LONGFIRST_TEST_CUDA") == "" {
		t.Skip("make test-cuda runs this on the stand-in driver")
	}
	small := namedModel("tiny")
	small.config.Layers, small.config.HiddenSize, small.config.Heads, small.config.IntermediateSize = 1, 32, 2, 64
	small.dtype = backend.BF16
	w := &Infer{On: onGPU, Model: small, In: &input{shape: gen.Protein, count: 4, length: 51}, Threads: 1}
	checked(t, w, func() {
		for _, row := range w.got.rows {
			row[0]++
		}
	})
	figures := w.Figures(bench.Elapsed{Wall: 1})
	if len(figures) != 3 || figures[1].Unit != "TFLOP/s" || figures[1].Value <= 0 {
		t.Errorf("%+v", figures)
	}
}
