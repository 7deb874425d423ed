package infer

import (
	"errors"
	"iter"
	"math"
	"testing"

	"pgregory.net/rapid"

	"longfirst/infer/esm2"
	"longfirst/infer/output"
)

func lengthsOf(values []int64) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		for _, v := range values {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func TestCutCoversTheShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.SliceOfN(rapid.Int64Range(0, 1000), 0, 60).Draw(t, "lengths")
		rule := BlockRule{TargetFLOPs: rapid.Int64Range(1, 5000).Draw(t, "target"), MaxRecords: rapid.Int64Range(1, 10).Draw(t, "records")}
		rule.Cost = Cost{FLOPsPerToken: 1, FLOPsPerPair: rapid.Int64Range(0, 2).Draw(t, "per pair")}
		cuts, err := rule.Cut(lengthsOf(lengths))
		if err != nil {
			t.Fatal(err)
		}
		if cuts[0] != 0 || cuts[len(cuts)-1] != int64(len(lengths)) {
			t.Fatalf("cuts %v of %d items", cuts, len(lengths))
		}
		for b := range cuts.Blocks() {
			start, stop := cuts.Block(b)
			var flops int64
			for i, length := range lengths[start:stop] {
				if flops >= rule.TargetFLOPs {
					t.Fatalf("block %d goes on after %d FLOPs", b, flops)
				}
				flops += rule.FLOPs(length)
				if got := cuts.Of(start + int64(i)); got != b {
					t.Fatalf("item %d is said to be in block %d, is in %d", start+int64(i), got, b)
				}
			}
			full := flops >= rule.TargetFLOPs || stop-start == rule.MaxRecords
			if stop <= start || stop-start > rule.MaxRecords || !full && b != cuts.Blocks()-1 {
				t.Fatalf("block %d is [%d, %d) with %d FLOPs", b, start, stop, flops)
			}
		}
	})
}

func TestCutReportsAnError(t *testing.T) {
	broken := errors.New("broken")
	_, err := BlockRule{TargetFLOPs: 1, MaxRecords: 1}.Cut(func(yield func(int64, error) bool) { yield(0, broken) })
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestBlockRuleThroughTheManifest(t *testing.T) {
	rule := NewBlockRule(Cost{7, 3, 1024}, 1e15, 8, 2e9)
	back, err := ReadBlockRule(rule.Manifest())
	if err != nil || back != rule {
		t.Errorf("%+v came back as %+v, %v", rule, back, err)
	}
	if _, err := ReadBlockRule(output.BlockRule{Rule: "other-1", Figures: rule.Manifest().Figures}); !errors.Is(err, ErrBlockRule) {
		t.Errorf("a rule of another name: %v", err)
	}
}

// TestBlockSizes holds the rule to what it is for: no more than a minute a block, and enough blocks to share out.
func TestBlockSizes(t *testing.T) {
	const rate = 1e10
	for _, c := range []struct{ total, least, most float64 }{
		{total: 1e16, least: 59 * rate, most: 61 * rate},      // days: a minute a block
		{total: 64e10, least: 0.9e10, most: 1.1e10},           // a minute in all: one of 16 blocks a share
		{total: 1e6, least: 0.018 * rate, most: 0.022 * rate}, // nothing: no splitting hairs
	} {
		got := float64(NewBlockRule(Cost{}, c.total, 4, rate).TargetFLOPs)
		if got < c.least || got > c.most {
			t.Errorf("%g FLOPs in all: blocks of %g, want %g to %g", c.total, got, c.least, c.most)
		}
	}
}

func TestPlanPackingFillsTheBudget(t *testing.T) {
	lengths := []int64{500, 98, 98, 40, 30, 20, 5, 0}
	p, err := PlanPacking(lengthsOf(lengths), 300, 200, 3)
	if err != nil {
		t.Fatal(err)
	}
	// 302 alone (cut, over the budget); 100+100; 42+32+22 (three sequences); 7.
	want := Packing{Batches: 4, Tokens: 302 + 200 + 96 + 7, Longest: 302}
	if p != want {
		t.Errorf("got %+v, want %+v", p, want)
	}
}

func TestCost(t *testing.T) {
	config, _ := esm2.Named("esm2_t6_8M")
	cut := CostOf(config, 100)
	for _, c := range []struct{ length, tokens int64 }{{0, 2}, {50, 52}, {100, 102}, {5000, 102}} {
		if got, want := cut.FLOPs(c.length), config.FLOPs(c.tokens); got != want {
			t.Errorf("%d residues cost %d, want %d", c.length, got, want)
		}
	}
	for _, huge := range []int64{1 << 40, 1 << 50, math.MaxInt64 - 2} {
		if got := CostOf(config, 0).FLOPs(huge); got != math.MaxInt64 {
			t.Errorf("%d residues cost %d", huge, got)
		}
	}
	if total, err := CostOf(config, 0).Total(lengthsOf([]int64{1 << 40, 1 << 40})); total != 2*float64(math.MaxInt64) || err != nil {
		t.Errorf("total %g, %v", total, err)
	}
}
