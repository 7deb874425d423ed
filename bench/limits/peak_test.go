package limits

import (
	"testing"
	"time"
)

// TestFMAPeak: the best of the runs counts, by whatever clock.
func TestFMAPeak(t *testing.T) {
	now := time.Duration(0)
	steps := []time.Duration{0, 4 * time.Second, 0, time.Second, 0, 2 * time.Second}
	got := FMAPeak(3, func() time.Duration {
		now += steps[0]
		steps = steps[1:]
		return now
	})
	if want := float64(8*stepTurns*fmaLoops[0].flopsPerTurn()) / 1e9; got != want {
		t.Errorf("got %g GFLOP/s, want %g", got, want)
	}
}
