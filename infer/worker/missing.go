package worker

import (
	"iter"

	"longfirst/index"
	"longfirst/infer"
	"longfirst/infer/output"
)

// Gap is what the data set lacks of a share.
type Gap struct {
	Rank    int
	Missing []int // numbers of the blocks without a part, in order
	Blocks  int   // of the share
	Records int64 // of the missing blocks
}

// gapsOf groups blocks, in order, by rank.
func gapsOf(plan *infer.Plan, missing []output.PartID) ([]Gap, error) {
	var gaps []Gap
	for _, id := range missing {
		cuts, err := plan.Cuts(id.Rank)
		if err != nil {
			return nil, err
		}
		if len(gaps) == 0 || gaps[len(gaps)-1].Rank != id.Rank {
			gaps = append(gaps, Gap{Rank: id.Rank, Blocks: cuts.Blocks()})
		}
		g := &gaps[len(gaps)-1]
		start, stop := cuts.Block(id.Block)
		g.Missing = append(g.Missing, id.Block)
		g.Records += stop - start
	}
	return gaps, nil
}

// MissingRecord is a record of a block that has no part.
type MissingRecord struct {
	output.PartID
	*index.Entry
}

// MissingRecords yields the records of the missing blocks in the order of the proof. The index that was verified must
// still be open; an entry is valid until the next one.
func (f Found) MissingRecords() iter.Seq2[MissingRecord, error] {
	return func(yield func(MissingRecord, error) bool) {
		for _, id := range f.Proof.Missing {
			positions, _, _, err := f.plan.Block(id.Rank, id.Block)
			if err != nil {
				yield(MissingRecord{}, err)
				return
			}
			for entry, err := range f.plan.Index.Entries(positions) {
				if !yield(MissingRecord{id, entry}, err) || err != nil {
					return
				}
			}
		}
	}
}
