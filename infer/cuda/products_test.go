//go:build cuda

package cuda_test

import (
	"os"
	"strings"
	"testing"

	"longfirst/infer/cuda"
)

// TestClassOfProducts wants the class of a backend to say what multiplies, where the environment chooses it, and to be the one
// that the supervisor was told.
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
		if class != devices[0].Class(p) || devices[0].Note != "" {
			t.Errorf("class %s, and that of the device is %s; %s", class, devices[0].Class(p), devices[0].Note)
		}
		wgmma := os.Getenv(cuda.WgmmaVariable) != "" && devices[0].Major == 9 && p == cuda.BF16
		library := libraryNamed() && p != cuda.FP32
		if wgmma != strings.Contains(class, "-wgmma") || library != strings.Contains(class, "-cublaslt") {
			t.Errorf("class %s with %s=%q and %s=%q", class, cuda.WgmmaVariable, os.Getenv(cuda.WgmmaVariable), cuda.CublasLtVariable, os.Getenv(cuda.CublasLtVariable))
		}
	}
}

// libraryNamed says whether the environment names a cublasLt.
func libraryNamed() bool {
	named := os.Getenv(cuda.CublasLtVariable)
	return named != "" && named != "off"
}
