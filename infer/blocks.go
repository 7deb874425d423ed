package infer

import (
	"fmt"
	"iter"
	"math"
	"math/bits"
	"sort"

	"longfirst/infer/esm2"
	"longfirst/infer/output"
)

// BlockRule says where a share is cut into blocks: a block is closed when the estimated cost of its records reaches a
// target, or when it holds a number of them. It is stored in the manifest with all its figures, so every process that
// works on a data set, today or on another machine, derives the same blocks from the index alone.
type BlockRule struct {
	Cost
	TargetFLOPs int64 `json:"target_flops"`
	MaxRecords  int64 `json:"max_records"`
}

// Cost estimates what embedding a record takes, the quadratic term of attention included.
type Cost struct {
	FLOPsPerToken int64 `json:"flops_per_token"`
	FLOPsPerPair  int64 `json:"flops_per_pair"` // of a query and a key
	MaxLength     int64 `json:"max_length"`     // residues that a record is cut to; 0 for no cut
}

// CostOf returns the cost of records with a model.
func CostOf(c esm2.Config, maxLength int64) Cost {
	return Cost{FLOPsPerToken: c.FLOPsPerToken(), FLOPsPerPair: c.FLOPsPerPair(), MaxLength: maxLength}
}

// FLOPs returns the cost of a record of that many residues. A cost beyond an int64 is the largest int64.
func (c Cost) FLOPs(length int64) int64 {
	n := tokens(length, c.MaxLength)
	perToken, carry := bits.Add64(uint64(c.FLOPsPerToken), uint64(c.FLOPsPerPair)*uint64(n), 0)
	high, total := bits.Mul64(perToken, uint64(n))
	if carry != 0 || high != 0 || total > math.MaxInt64 || n > math.MaxInt64/max(1, c.FLOPsPerPair) {
		return math.MaxInt64
	}
	return int64(total)
}

// Total returns the cost of records of the given lengths. A large data set's is beyond an int64: UniRef50 with the 650M
// model takes 2e19 FLOPs.
func (c Cost) Total(lengths iter.Seq2[int64, error]) (total float64, err error) {
	for length, err := range lengths {
		if err != nil {
			return 0, err
		}
		total += float64(c.FLOPs(length))
	}
	return total, nil
}

// addFLOPs adds costs, up to the largest int64.
func addFLOPs(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

const (
	blockSeconds    = 60.0 // the longest a block should take on the device class of the first run
	minBlockSeconds = 0.02 // shorter blocks would spend their time on files
	blocksPerShare  = 16   // what a small run is cut into, so that workers finish together
	maxBlockRecords = 1 << 16
	roundFLOPs      = 1e6 // figures a person can read in the manifest
)

// NewBlockRule chooses the rule for a run: totalFLOPs over world shares on devices that reach about flopsPerSecond.
func NewBlockRule(cost Cost, totalFLOPs float64, world int, flopsPerSecond float64) BlockRule {
	target := totalFLOPs / float64(world*blocksPerShare)
	target = min(max(target, minBlockSeconds*flopsPerSecond), blockSeconds*flopsPerSecond)
	return BlockRule{Cost: cost, TargetFLOPs: int64(target/roundFLOPs+1) * roundFLOPs, MaxRecords: maxBlockRecords}
}

// blockRuleName names the rule in a manifest. Another way of cutting gets another name.
const blockRuleName = "flops-1"

// Manifest returns the rule as a manifest holds it.
func (rule BlockRule) Manifest() output.BlockRule {
	return output.BlockRule{Rule: blockRuleName, Figures: map[string]int64{
		"target_flops": rule.TargetFLOPs, "max_records": rule.MaxRecords,
		"flops_per_token": rule.FLOPsPerToken, "flops_per_pair": rule.FLOPsPerPair, "max_length": rule.MaxLength,
	}}
}

// ReadBlockRule returns the rule of a manifest.
func ReadBlockRule(m output.BlockRule) (BlockRule, error) {
	f := m.Figures
	rule := BlockRule{TargetFLOPs: f["target_flops"], MaxRecords: f["max_records"],
		Cost: Cost{FLOPsPerToken: f["flops_per_token"], FLOPsPerPair: f["flops_per_pair"], MaxLength: f["max_length"]}}
	if m.Rule != blockRuleName || rule.TargetFLOPs < 1 || rule.MaxRecords < 1 || rule.FLOPsPerToken < 1 || rule.FLOPsPerPair < 1 || rule.MaxLength < 0 {
		return rule, fmt.Errorf("%w: %+v", ErrBlockRule, m)
	}
	return rule, nil
}

// Cuts are the boundaries of a share's blocks in items of the share: block b holds the items Cuts[b] to Cuts[b+1],
// half-open.
type Cuts []int64

// Cut cuts a share, given the lengths of its records in index order.
func (rule BlockRule) Cut(lengths iter.Seq2[int64, error]) (Cuts, error) {
	c := newCutter(rule)
	for length, err := range lengths {
		if err != nil {
			return nil, err
		}
		c.add(length)
	}
	return c.end(), nil
}

// cutter cuts one share as its records come.
type cutter struct {
	rule        BlockRule
	cuts        Cuts
	item, flops int64 // records so far, cost of those in the open block
}

func newCutter(rule BlockRule) *cutter { return &cutter{rule: rule, cuts: Cuts{0}} }

func (c *cutter) add(length int64) {
	c.item++
	c.flops = addFLOPs(c.flops, c.rule.FLOPs(length))
	if c.flops >= c.rule.TargetFLOPs || c.item-c.cuts[len(c.cuts)-1] == c.rule.MaxRecords {
		c.cuts = append(c.cuts, c.item)
		c.flops = 0
	}
}

// end closes the open block.
func (c *cutter) end() Cuts {
	if c.item > c.cuts[len(c.cuts)-1] {
		c.cuts = append(c.cuts, c.item)
	}
	return c.cuts
}

// Blocks returns the number of blocks.
func (c Cuts) Blocks() int { return len(c) - 1 }

// Block returns the items [start, stop) of block b.
func (c Cuts) Block(b int) (start, stop int64) { return c[b], c[b+1] }

// Of returns the block that holds an item of the share.
func (c Cuts) Of(item int64) int {
	return sort.Search(c.Blocks(), func(b int) bool { return c[b+1] > item })
}
