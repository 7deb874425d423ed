package infer

import (
	"fmt"
	"iter"

	"longfirst/index"
	"longfirst/infer/output"
)

// Plan derives the shares and blocks of a data set from its index. Two processes with the same index digest, world size
// and rule derive the same plan. It is not safe for concurrent use.
type Plan struct {
	Index *index.Index
	World int
	Rule  BlockRule

	cuts map[int]Cuts
}

// Share returns the positions of a rank.
func (p *Plan) Share(rank int) index.Range { return index.Share(p.Index.Len(), rank, p.World) }

// Cuts returns the block boundaries of a rank's share.
func (p *Plan) Cuts(rank int) (Cuts, error) {
	if c, ok := p.cuts[rank]; ok {
		return c, nil
	}
	c, err := p.Rule.Cut(p.Index.Lengths(p.Share(rank)))
	if err != nil {
		return nil, err
	}
	if p.cuts == nil {
		p.cuts = make(map[int]Cuts)
	}
	p.cuts[rank] = c
	return c, nil
}

// cutAll cuts all shares in one pass over the index. Cut one by one, N shares are N passes over nearly all its pages.
func (p *Plan) cutAll() error {
	if len(p.cuts) == p.World {
		return nil
	}
	cutters := make([]*cutter, p.World)
	for rank := range cutters {
		cutters[rank] = newCutter(p.Rule)
	}
	rank := 0
	for length, err := range p.Index.Lengths(index.Share(p.Index.Len(), 0, 1)) {
		if err != nil {
			return err
		}
		cutters[rank].add(length)
		if rank++; rank == p.World {
			rank = 0
		}
	}
	p.cuts = make(map[int]Cuts, p.World)
	for rank, c := range cutters {
		p.cuts[rank] = c.end()
	}
	return nil
}

// Blocks lists the blocks of all ranks, in order.
func (p *Plan) Blocks() ([]output.PartID, error) {
	if err := p.cutAll(); err != nil {
		return nil, err
	}
	var ids []output.PartID
	for rank := range p.World {
		for b := range p.cuts[rank].Blocks() {
			ids = append(ids, output.PartID{Rank: rank, World: p.World, Block: b})
		}
	}
	return ids, nil
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

// Parts yields what each part of the data set must account for. The ordinals are valid until the next one.
func (p *Plan) Parts() iter.Seq2[output.Block, error] {
	return func(yield func(output.Block, error) bool) {
		if err := p.cutAll(); err != nil {
			yield(output.Block{}, err)
			return
		}
		for rank := range p.World {
			for block, err := range p.PartsOf(rank) {
				if !yield(block, err) || err != nil {
					return
				}
			}
		}
	}
}

// PartsOf yields what each part of a rank must account for. The ordinals are valid until the next one.
func (p *Plan) PartsOf(rank int) iter.Seq2[output.Block, error] {
	return func(yield func(output.Block, error) bool) {
		cuts, err := p.Cuts(rank)
		if err != nil {
			yield(output.Block{}, err)
			return
		}
		var ordinals []int64
		for b := range cuts.Blocks() {
			start, stop := cuts.Block(b)
			ordinals = ordinals[:0]
			for e, err := range p.Index.Entries(p.Share(rank).Sub(start, stop)) {
				if err != nil {
					yield(output.Block{}, err)
					return
				}
				ordinals = append(ordinals, e.Ordinal)
			}
			block := output.Block{PartID: output.PartID{Rank: rank, World: p.World, Block: b}, FirstItem: start, Ordinals: ordinals}
			if !yield(block, nil) {
				return
			}
		}
	}
}
