package worker

import (
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"longfirst/index"
	"longfirst/infer"
)

// calibrationPlan plans records of falling lengths, the last one empty, in blocks of a few.
func calibrationPlan(t *testing.T, records, world int) *infer.Plan {
	t.Helper()
	var text strings.Builder
	for i := range records {
		fmt.Fprintf(&text, ">r%d\n%s\n", i, strings.Repeat("A", 5*(records-1-i)))
	}
	path := filepath.Join(t.TempDir(), "in.fa")
	if err := os.WriteFile(path, []byte(text.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	x, _, err := index.Ensure(t.Context(), []string{path}, index.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	cost := infer.Cost{FLOPsPerToken: 1000, FLOPsPerPair: 1}
	return &infer.Plan{Index: x, World: world, Rule: infer.BlockRule{Cost: cost, TargetFLOPs: 2_000_000, MaxRecords: 1000}}
}

func TestStrataCostAboutTheSame(t *testing.T) {
	plan := calibrationPlan(t, 200, 3)
	s, err := newStrata(plan)
	if err != nil {
		t.Fatal(err)
	}
	if s.ends[strataCount-1] != 199 {
		t.Errorf("%d records with residues, want 199", s.ends[strataCount-1])
	}
	for at, flops := range s.flops {
		if share := flops / s.total(); math.Abs(share-1.0/strataCount) > 0.02 {
			t.Errorf("stratum %d has %.3f of the cost", at, share)
		}
	}
}

// TestProbesAreOfTheirStrata goes through probes as a child would: they take all strata in turn, hold records of one block
// near the place they are meant for, cost what was asked for, and have the residues that the index says.
func TestProbesAreOfTheirStrata(t *testing.T) {
	plan := calibrationPlan(t, 200, 3)
	s, err := newStrata(plan)
	if err != nil {
		t.Fatal(err)
	}
	const rate = 1e6
	p := newProbes(plan, s, rate, 1, 2)
	var seen [strataCount]int
	places := map[string]bool{}
	for range 40 {
		lease, err := p.next(probesPerLimit * time.Second) // one second each: 1e6 FLOP
		if err != nil {
			t.Fatal(err)
		}
		block, start, stop, err := plan.Block(lease.Rank, lease.Block)
		if err != nil || lease.Probe.Start < 0 || lease.Probe.Stop > stop-start || lease.Probe.Start >= lease.Probe.Stop {
			t.Fatalf("items %+v of a block of %d: %v", *lease.Probe, stop-start, err)
		}
		items := block.Sub(lease.Probe.Start, lease.Probe.Stop)
		var residues int64
		var flops float64
		for length, err := range plan.Index.Lengths(items) {
			if err != nil {
				t.Fatal(err)
			}
			residues += length
			flops += float64(plan.Rule.FLOPs(length))
		}
		if residues != p.inHand.Residues || flops != p.inHand.FLOPs {
			t.Errorf("the probe is said to have %d residues and %g FLOP, it has %d and %g", p.inHand.Residues, p.inHand.FLOPs, residues, flops)
		}
		if whole := items.Len() == stop-start; !whole && (flops < rate || flops > 3*rate) {
			t.Errorf("a probe of %g FLOP where %g were asked for", flops, float64(rate))
		}
		stratum := p.inHand.Stratum
		if items.Start >= s.ends[stratum] {
			t.Errorf("a probe of stratum %d begins at position %d, which ends at %d", stratum, items.Start, s.ends[stratum])
		}
		seen[stratum]++
		places[fmt.Sprint(lease.Rank, lease.Block, *lease.Probe)] = true
		p.passed(flops / rate)
	}
	for stratum, n := range seen {
		if n != 10 {
			t.Errorf("%d of 40 probes are of stratum %d", n, stratum)
		}
	}
	if len(places) < 20 {
		t.Errorf("40 probes are of only %d places", len(places))
	}
}

func TestSecondsFollowFromTheRates(t *testing.T) {
	c := Calibration{children: 2, strata: strata{flops: [strataCount]float64{100, 100, 100, 100}}}
	if seconds, _, _ := c.Seconds(); seconds != 0 {
		t.Errorf("%v s without a probe", seconds)
	}
	probe := func(stratum int, rate float64) {
		c.Probes = append(c.Probes, Probe{Stratum: stratum, FLOPs: 10 * rate, Took: 10 * time.Second})
	}
	probe(3, 1)
	if seconds, low, high := c.Seconds(); seconds != 200 || low != 0 || high != 0 {
		t.Errorf("%v s (%v to %v) from one probe", seconds, low, high)
	}
	probe(0, 2)
	probe(1, 4)
	probe(2, 5)
	if seconds, low, high := c.Seconds(); seconds != 50+25+12.5+10 || low != 0 || high != 0 {
		t.Errorf("%v s (%v to %v) from a probe of each stratum", seconds, low, high)
	}
	probe(0, 6) // mean 4: 1.5 and 0.5 times as fast
	if seconds, low, high := c.Seconds(); seconds != 12.5+12.5+10+50 || low != 85/1.5 || high != 85/0.5 {
		t.Errorf("%v s (%v to %v) from two probes of the first stratum", seconds, low, high)
	}
}
