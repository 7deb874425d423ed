package worker

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSelectDevices(t *testing.T) {
	for _, c := range []struct {
		inherited, chosen string
		want              []string
		refused           bool
	}{
		{inherited: "0,1,2", chosen: "", want: []string{"0", "1", "2"}},
		{inherited: "4,6,7", chosen: "0,2", want: []string{"4", "7"}},
		{inherited: "GPU-a, GPU-b", chosen: "1", want: []string{"GPU-b"}},
		{inherited: "MIG-x", chosen: "0", want: []string{"MIG-x"}},
		{inherited: "0,-1,2", chosen: "", want: []string{"0"}},
		{inherited: "", chosen: "", want: nil},
		{inherited: "0,1", chosen: "2", refused: true},
		{inherited: "0,1", chosen: "0,0", refused: true},
		{inherited: "0,1", chosen: "GPU-a", refused: true},
		{inherited: "0,1", chosen: "-1", refused: true},
	} {
		got, err := SelectDevices(c.inherited, c.chosen)
		if c.refused {
			if !errors.Is(err, ErrDevice) {
				t.Errorf("SelectDevices(%q, %q) = %q, %v; want it refused", c.inherited, c.chosen, got, err)
			}
			continue
		}
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("SelectDevices(%q, %q): %v\n%s", c.inherited, c.chosen, err, diff)
		}
	}
}

func TestConfined(t *testing.T) {
	for _, c := range []struct {
		device, ordered, visible string
		ok                       bool
	}{
		{"cuda", "3", "3", true},
		{"cuda", "GPU-a", "GPU-a", true},
		{"cuda", "3", "", false},
		{"cuda", "3", "2", false},
		{"cuda", "3", "3,4", false},
		{"cuda", "3,4", "3,4", false},
		{"cuda", "", "", false},
		{"cpu", "", "", true},
		{"cpu", "", "0", false},
	} {
		err := confined(Orders{Device: c.device, VisibleDevices: c.ordered}, c.visible)
		if c.ok != (err == nil) || err != nil && !errors.Is(err, ErrIsolation) {
			t.Errorf("%s child ordered to %q that sees %q: %v", c.device, c.ordered, c.visible, err)
		}
	}
}
