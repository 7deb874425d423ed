//go:build cuda

package cuda_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"longfirst/infer/cuda"
)

func TestCeiling(t *testing.T) {
	if os.Getenv(deviceVariable) == "" {
		t.Skip("make test-cuda runs this on the stand-in driver")
	}
	c, err := cuda.NewCeiling(64, 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	for what, measure := range map[string]func(time.Duration) (float64, error){"multiply": c.Multiply, "copy": c.Copy} {
		if rate, err := measure(time.Millisecond); err != nil || rate <= 0 {
			t.Errorf("%s: %v, %v", what, rate, err)
		}
	}
	if !strings.Contains(c.String(), "cuda-bf16-") {
		t.Error(c)
	}
}
