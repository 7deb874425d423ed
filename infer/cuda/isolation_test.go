//go:build cuda

package cuda_test

import (
	"errors"
	"testing"

	"longfirst/infer/backend"
	"longfirst/infer/cuda"
)

// TestIsolation opens a backend where the environment names another GPU than the driver shows: a launcher that changes
// one of them must not make two processes share a GPU.
func TestIsolation(t *testing.T) {
	open(t, cuda.BF16).Close() // the driver has read the environment
	devices, err := cuda.Probe()
	if err != nil || len(devices) != 1 {
		t.Fatalf("%d devices, %v", len(devices), err)
	}
	for visible, ok := range map[string]bool{
		devices[0].Visible:     true,
		devices[0].Visible[:8]: true, // a beginning will do, as it does for the driver
		"0":                    true,
		"GPU-ffffffff":         false,
	} {
		t.Setenv(cuda.VisibleVariable, visible)
		b, err := cuda.New(cuda.BF16)
		if err == nil {
			b.Close()
		}
		if ok != (err == nil) || !ok && !errors.Is(err, cuda.ErrIsolation) {
			t.Errorf("%s=%s on %s: %v", cuda.VisibleVariable, visible, devices[0].Visible, err)
		}
	}
}

// TestBatchTokens wants whole rounds of tiles where the memory has room for them, and never more than the memory has.
func TestBatchTokens(t *testing.T) {
	b := open(t, cuda.BF16)
	defer b.Close()
	devices, err := cuda.Probe()
	if err != nil {
		t.Fatal(err)
	}
	round := 128 * devices[0].SMs
	last := 1 << 30
	for _, width := range []int{100, 10_000, 100_000, 1_000_000} {
		tokens, err := b.(backend.Sizer).BatchTokens(width, 2)
		if err != nil {
			t.Fatal(err)
		}
		if bytes := int64(tokens) * 4 * int64(width) * 2; tokens > 128 && bytes > devices[0].Memory {
			t.Errorf("width %d: %d tokens take %d bytes of %d", width, tokens, bytes, devices[0].Memory)
		}
		if tokens > last || tokens%128 != 0 || tokens >= round && tokens%round != 0 {
			t.Errorf("width %d: %d tokens, after %d", width, tokens, last)
		}
		last = tokens
	}
	if tokens, err := b.(backend.Sizer).BatchTokens(100, 2); err != nil || tokens != 2*round {
		t.Errorf("%d tokens, %v; want %d", tokens, err, 2*round)
	}
}
