package worker

import (
	"errors"
	"testing"
)

func TestConfined(t *testing.T) {
	for _, c := range []struct {
		device, ordered, visible string
		ok                       bool
	}{
		{"cuda-bf16", "3", "3", true},
		{"cuda-bf16", "GPU-a", "GPU-a", true},
		{"cuda-bf16", "3", "", false},
		{"cuda-bf16", "3", "2", false},
		{"cuda-bf16", "3", "3,4", false},
		{"cuda-bf16", "3,4", "3,4", false},
		{"cuda-bf16", "", "", false},
		{"cpu", "", "", true},
		{"cpu", "", "0", false},
	} {
		err := confined(Orders{Device: c.device, VisibleDevices: c.ordered}, c.visible)
		if c.ok != (err == nil) || err != nil && !errors.Is(err, ErrIsolation) {
			t.Errorf("%s child ordered to %q that sees %q: %v", c.device, c.ordered, c.visible, err)
		}
	}
}
