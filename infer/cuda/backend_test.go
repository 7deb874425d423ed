//go:build cuda

package cuda_test

import (
	"os"
	"testing"

	"longfirst/infer/backend"
	"longfirst/infer/backend/conformance"
	"longfirst/infer/cuda"
)

// These tests compute on the first visible device: a GPU, or the stand-in driver (make test-cuda). deviceVariable says
// that there must be one.
const deviceVariable = "LONGFIRST_TEST_CUDA"

func open(t *testing.T, p cuda.Precision) backend.Backend {
	t.Helper()
	if os.Getenv(deviceVariable) == "" {
		t.Skip("make test-cuda runs this on the stand-in driver")
	}
	b, err := cuda.New(p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestConformance runs the suite that every backend must pass. With 8 bits of fraction the inputs of a sum are off by
// 2^-9 each and the result by as much again; with 11 bits an eighth of it.
func TestConformance(t *testing.T) {
	tensorCoreHeads := []int{16, 24, 32, 64, 128}
	for _, c := range []struct {
		precision cuda.Precision
		tolerance float64
		heads     []int
	}{
		{cuda.FP32, 0x1p-19, []int{2, 6, 16, 24, 32, 64, 128}},
		{cuda.BF16, 0x1p-7, tensorCoreHeads},
		{cuda.FP16, 0x1p-10, tensorCoreHeads},
	} {
		if libraryNamed() && c.precision != cuda.FP32 {
			c.tolerance *= 2 // its products are rounded before bias, rotation or GELU
		}
		t.Run(string(c.precision), func(t *testing.T) {
			conformance.RunSubject(t, conformance.Subject{
				New:       func() backend.Backend { return open(t, c.precision) },
				Tolerance: c.tolerance, HeadDims: c.heads,
			})
		})
	}
}
