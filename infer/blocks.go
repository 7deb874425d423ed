package infer

import (
	"fmt"
	"iter"
	"sort"

	"longfirst/infer/output"
)

// BlockRule says where a share is cut into blocks. It is stored in the manifest with its figures, so every process that
// works on a data set, today or on another machine, derives the same blocks.
type BlockRule struct {
	TargetFLOPs int64 `json:"target_flops"` // a block is closed when its estimated cost reaches this
	MaxRecords  int64 `json:"max_records"`  // or when it holds this many records
}

const (
	blockSeconds    = 60.0 // the longest a block should take on the device class of the first run
	minBlockSeconds = 0.1  // shorter blocks would spend their time on files
	blocksPerShare  = 16   // what a small run is cut into, so that workers finish together
	maxBlockRecords = 1 << 16
	roundFLOPs      = 1e6 // figures a person can read in the manifest
)

// NewBlockRule chooses the rule for a run: totalFLOPs over world shares on devices that reach about flopsPerSecond.
func NewBlockRule(totalFLOPs int64, world int, flopsPerSecond float64) BlockRule {
	target := float64(totalFLOPs) / float64(world*blocksPerShare)
	target = min(max(target, minBlockSeconds*flopsPerSecond), blockSeconds*flopsPerSecond)
	return BlockRule{TargetFLOPs: int64(target/roundFLOPs+1) * roundFLOPs, MaxRecords: maxBlockRecords}
}

// blockRuleName names the rule in a manifest. Another way of cutting gets another name.
const blockRuleName = "flops-1"

// Manifest returns the rule as a manifest holds it.
func (rule BlockRule) Manifest() output.BlockRule {
	return output.BlockRule{Rule: blockRuleName, Figures: map[string]int64{"target_flops": rule.TargetFLOPs, "max_records": rule.MaxRecords}}
}

// ReadBlockRule returns the rule of a manifest.
func ReadBlockRule(m output.BlockRule) (BlockRule, error) {
	rule := BlockRule{TargetFLOPs: m.Figures["target_flops"], MaxRecords: m.Figures["max_records"]}
	if m.Rule != blockRuleName || rule.TargetFLOPs < 1 || rule.MaxRecords < 1 {
		return rule, fmt.Errorf("%w: %+v", ErrBlockRule, m)
	}
	return rule, nil
}

// Cuts are the boundaries of a share's blocks in items of the share: block b holds the items Cuts[b] to Cuts[b+1],
// half-open.
type Cuts []int64

// Cut cuts a share, given the lengths of its records in index order and the cost of a record in FLOPs.
func (rule BlockRule) Cut(lengths iter.Seq2[int64, error], cost func(length int64) int64) (Cuts, error) {
	cuts := Cuts{0}
	var item, flops int64
	for length, err := range lengths {
		if err != nil {
			return nil, err
		}
		item++
		flops += cost(length)
		if flops >= rule.TargetFLOPs || item-cuts[len(cuts)-1] == rule.MaxRecords {
			cuts = append(cuts, item)
			flops = 0
		}
	}
	if item > cuts[len(cuts)-1] {
		cuts = append(cuts, item)
	}
	return cuts, nil
}

// Blocks returns the number of blocks.
func (c Cuts) Blocks() int { return len(c) - 1 }

// Block returns the items [start, stop) of block b.
func (c Cuts) Block(b int) (start, stop int64) { return c[b], c[b+1] }

// Of returns the block that holds an item of the share.
func (c Cuts) Of(item int64) int {
	return sort.Search(c.Blocks(), func(b int) bool { return c[b+1] > item })
}
