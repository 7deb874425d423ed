package index

import "fmt"

// Range names the positions Start, Start+Step, Start+2*Step … below Stop, in Python's words range(Start, Stop, Step).
// Step is at least 1 and Start not negative; the range is empty where Stop <= Start.
type Range struct{ Start, Stop, Step int64 }

// Share returns the positions of rank of world size world among total: rank, rank+world, rank+2*world …
//
// Since the positions are sorted by length, position i of one share is no longer than position i of a lower rank and no
// shorter than position i+1 of it: two shares differ by at most the longest record.
//
// It panics unless 0 <= rank < world.
func Share(total int64, rank, world int) Range {
	if rank < 0 || rank >= world {
		panic(fmt.Sprintf("index: rank %d of world size %d", rank, world))
	}
	return Range{Start: int64(rank), Stop: total, Step: int64(world)}
}

// Len returns the number of positions in the range.
func (r Range) Len() int64 {
	if r.Stop <= r.Start {
		return 0
	}
	return (r.Stop-r.Start-1)/r.Step + 1
}

// Sub returns the items i, i+1 … j-1 of the range, as slicing does: 0 <= i <= j <= Len, or it panics.
func (r Range) Sub(i, j int64) Range {
	if i < 0 || j < i || j > r.Len() {
		panic(fmt.Sprintf("index: items [%d,%d) of a range of %d", i, j, r.Len()))
	}
	sub := Range{Start: r.Start + i*r.Step, Step: r.Step}
	sub.Stop = sub.Start
	if j > i {
		sub.Stop = r.Start + (j-1)*r.Step + 1
	}
	return sub
}

// last returns the last position of a range that is not empty.
func (r Range) last() int64 { return r.Start + (r.Len()-1)*r.Step }

// ShareTotals is the work of one rank.
type ShareTotals struct {
	Rank    int
	Records int64
	Tokens  int64 // residues
}

// Distribution returns the totals of every share of x for a world size of at least 1, in one pass over the lengths.
func Distribution(x *Index, world int) ([]ShareTotals, error) {
	totals := make([]ShareTotals, world)
	for rank := range totals {
		totals[rank].Rank = rank
	}
	rank := 0
	for length, err := range x.Lengths(Share(x.Len(), 0, 1)) {
		if err != nil {
			return nil, err
		}
		totals[rank].Records++
		totals[rank].Tokens += length
		if rank++; rank == world {
			rank = 0
		}
	}
	return totals, nil
}
