//go:build cuda

package cuda_test

import (
	"os"
	"strings"
	"testing"

	"longfirst/infer/cuda"
)

// TestClassOfProducts wants the class of a backend to say what multiplies, where the environment chooses it.
func TestClassOfProducts(t *testing.T) {
	for _, p := range []cuda.Precision{cuda.BF16, cuda.FP16, cuda.FP32} {
		b := open(t, p)
		class := b.Class()
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		devices, err := cuda.Probe()
		if err != nil {
			t.Fatal(err)
		}
		if class != devices[0].Class(p) {
			t.Errorf("class %s, and that of the device is %s", class, devices[0].Class(p))
		}
		wgmma := os.Getenv(cuda.WgmmaVariable) != "" && devices[0].Major == 9 && p == cuda.BF16
		if wgmma != strings.Contains(class, "-"+cuda.ProductsWgmma) {
			t.Errorf("class %s with %s=%q on compute capability %d.%d", class, cuda.WgmmaVariable, os.Getenv(cuda.WgmmaVariable), devices[0].Major, devices[0].Minor)
		}
	}
}
