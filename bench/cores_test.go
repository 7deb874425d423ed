package bench

import (
	"math"
	"testing"
	"time"
)

func TestLost(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		name        string
		cores       int
		idle, steal time.Duration
		wall, own   time.Duration
		threads     int
		want        float64
	}{
		{"alone on both cores", 2, 0, 0, 10 * s, 20 * s, 2, 0},
		{"another process takes half of each", 2, 0, 0, 10 * s, 10 * s, 2, 0.5},
		{"the host takes a quarter", 2, 0, 5 * s, 10 * s, 15 * s, 2, 0.25},
		{"both", 2, 0, 5 * s, 10 * s, 10 * s, 2, 0.5},
		{"one thread beside a busy core", 2, 0, 0, 10 * s, 10 * s, 1, 0},
		{"one thread, two others", 2, 0, 0, 10 * s, 7 * s, 1, 0.3},
		{"one thread that uses both cores now and then", 2, 3 * s, 0, 10 * s, 15 * s, 1, 0},
		{"idle waiting is nobody's", 2, 12 * s, 0, 10 * s, 8 * s, 2, 0},
		{"a few others on a large machine", 64, 600 * s, 0, 10 * s, 10 * s, 1, 0},
		{"more threads than cores", 2, 0, 0, 10 * s, 10 * s, 8, 0.5},
		{"nothing is known", 0, 0, 0, 10 * s, 10 * s, 1, 0},
		{"no time", 2, 0, 0, 0, 0, 1, 0},
	} {
		before := coreTimes{cores: c.cores, idle: 100 * s, steal: 7 * s}
		after := coreTimes{cores: c.cores, idle: 100*s + c.idle, steal: 7*s + c.steal}
		if got := before.lost(after, Elapsed{CPU: c.own, Wall: c.wall}, c.threads); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %v lost, want %v", c.name, got, c.want)
		}
	}
}

// Two cores are counted in steps of 10 ms: what 0.1 s seem to lose by that is no loss.
func TestDoubtIsNoLoss(t *testing.T) {
	before := coreTimes{cores: 2, tick: 10 * time.Millisecond}
	for own, want := range map[time.Duration]float64{180 * time.Millisecond: 0, 100 * time.Millisecond: 0.4} {
		if got := before.lost(before, Elapsed{CPU: own, Wall: 100 * time.Millisecond}, 2); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v of 200 ms: %v lost, want %v", own, got, want)
		}
	}
}
