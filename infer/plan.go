package infer

import (
	"fmt"

	"longfirst/index"
	"longfirst/infer/esm2"
)

// Plan derives the shares and blocks of a data set from its index. Two processes with the same index digest, world size
// and rule, and a model of the same shape, derive the same plan. It is not safe for concurrent use.
type Plan struct {
	Index *index.Index
	World int
	Rule  BlockRule
	Cost  func(length int64) int64 // FLOPs of a record of that many residues

	cuts map[int]Cuts
}

// Cost returns the estimated FLOPs of embedding a record, the quadratic term of attention included.
func Cost(c esm2.Config, maxLength int64) func(length int64) int64 {
	return func(length int64) int64 { return c.FLOPs(tokens(length, maxLength)) }
}

// Share returns the positions of a rank.
func (p *Plan) Share(rank int) index.Range { return index.Share(p.Index.Len(), rank, p.World) }

// Cuts returns the block boundaries of a rank's share.
func (p *Plan) Cuts(rank int) (Cuts, error) {
	if c, ok := p.cuts[rank]; ok {
		return c, nil
	}
	c, err := p.Rule.Cut(p.Index.Lengths(p.Share(rank)), p.Cost)
	if err != nil {
		return nil, err
	}
	if p.cuts == nil {
		p.cuts = make(map[int]Cuts)
	}
	p.cuts[rank] = c
	return c, nil
}

// Block returns the positions of a block, and the items of the share it starts and stops at.
func (p *Plan) Block(rank, block int) (r index.Range, start, stop int64, err error) {
	if rank < 0 || rank >= p.World {
		return r, 0, 0, fmt.Errorf("%w: rank %d of %d", ErrNoBlock, rank, p.World)
	}
	cuts, err := p.Cuts(rank)
	if err != nil {
		return r, 0, 0, err
	}
	if block < 0 || block >= cuts.Blocks() {
		return r, 0, 0, fmt.Errorf("%w: block %d of rank %d, which has %d", ErrNoBlock, block, rank, cuts.Blocks())
	}
	start, stop = cuts.Block(block)
	return p.Share(rank).Sub(start, stop), start, stop, nil
}

// TotalFLOPs returns the estimated cost of all records.
func (p *Plan) TotalFLOPs() (int64, error) {
	var total int64
	for length, err := range p.Index.Lengths(index.Share(p.Index.Len(), 0, 1)) {
		if err != nil {
			return 0, err
		}
		total += p.Cost(length)
	}
	return total, nil
}
