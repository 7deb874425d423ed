package cuda

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// some GPUs of two kinds, and one that is too old.
var (
	hopper0 = Device{Visible: "GPU-aa01", Name: "H200", SMs: 132, Major: 9}
	hopper1 = Device{Visible: "GPU-ab02", Name: "H200", SMs: 132, Major: 9}
	ampere  = Device{Visible: "GPU-c", Name: "A100", SMs: 108, Major: 8}
	ada     = Device{Visible: "GPU-d", Name: "RTX 4090", SMs: 128, Major: 8, Minor: 9}
	turing  = Device{Visible: "GPU-e", Name: "T4", SMs: 40, Major: 7, Minor: 5}
	part    = Device{Visible: "MIG-f", Name: "A100 MIG 1g.5gb", SMs: 14, Major: 8}
)

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		visible     []Device
		chosen      string
		taken, left []Device
		refused     error
		because     string
	}{
		{visible: []Device{hopper0, hopper1}, taken: []Device{hopper0, hopper1}},
		{visible: []Device{hopper0, hopper1, ampere}, chosen: "1", taken: []Device{hopper1}},
		{visible: []Device{hopper0, hopper1}, chosen: "1, 0", taken: []Device{hopper1, hopper0}},
		{visible: []Device{hopper0, part}, chosen: "MIG-f", taken: []Device{part}},
		{visible: []Device{hopper0, hopper1}, chosen: "GPU-ab", taken: []Device{hopper1}},
		{visible: []Device{turing, ada, hopper0, ampere}, taken: []Device{hopper0}, left: []Device{turing, ada, ampere}},
		{visible: []Device{ada, ampere, part}, taken: []Device{ampere, part}, left: []Device{ada}},
		{visible: []Device{turing}, refused: ErrUnusable, because: "compute capability 7.5"},
		{visible: []Device{hopper0, turing}, chosen: "1", refused: ErrUnusable, because: "T4"},
		{visible: []Device{hopper0, hopper1}, chosen: "2", refused: ErrChoice, because: "no GPU 2 among the 2"},
		{visible: []Device{hopper0, hopper1}, chosen: "0,0", refused: ErrChoice, because: "twice"},
		{visible: []Device{hopper0, hopper1}, chosen: "0,GPU-aa", refused: ErrChoice, because: "twice"},
		{visible: []Device{hopper0, hopper1}, chosen: "GPU-a", refused: ErrChoice, because: "2 of the 2"},
		{visible: []Device{hopper0}, chosen: "GPU-x", refused: ErrChoice, because: "0 of the 1"},
		{visible: []Device{hopper0}, chosen: "-1", refused: ErrChoice, because: "no index"},
		{visible: []Device{hopper0}, chosen: "all", refused: ErrChoice, because: "no index"},
		{visible: []Device{hopper0, ada}, chosen: "0,1", refused: ErrChoice, because: "last bits differ"},
	} {
		taken, left, err := Choose(c.visible, c.chosen, BF16)
		if c.refused != nil {
			if !errors.Is(err, c.refused) || !strings.Contains(err.Error(), c.because) {
				t.Errorf("Choose(%v, %q): got %v, %v; want it refused because of %q", c.visible, c.chosen, taken, err, c.because)
			}
			continue
		}
		if diff := cmp.Diff([][]Device{c.taken, c.left}, [][]Device{taken, left}); diff != "" || err != nil {
			t.Errorf("Choose(%v, %q): %v\n%s", c.visible, c.chosen, err, diff)
		}
	}
}

func TestMIGParts(t *testing.T) {
	for inherited, want := range map[string][]string{
		"": nil, "0,1": nil, "GPU-a": nil, "0,MIG-a": nil,
		"MIG-a, MIG-GPU-b/1/0": {"MIG-a", "MIG-GPU-b/1/0"},
		"MIG-a,-1,MIG-b":       {"MIG-a"},
	} {
		if diff := cmp.Diff(want, migParts(inherited)); diff != "" {
			t.Errorf("%q: %s", inherited, diff)
		}
	}
}

// TestPeak compares with the figures that NVIDIA prints: dense bf16, sums in fp32.
func TestPeak(t *testing.T) {
	for _, c := range []struct {
		d       Device
		printed float64
	}{{ampere, 312e12}, {hopper0, 989e12}, {ada, 165.2e12}, {Device{Major: 8, Minor: 6, SMs: 82}, 71.2e12}} {
		if got := c.d.Peak(); got < 0.98*c.printed || got > 1.02*c.printed {
			t.Errorf("%s: %.4g FLOP/s, printed is %.4g", c.d.Name, got, c.printed)
		}
	}
}
