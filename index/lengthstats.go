package index

import "math/bits"

// LengthStats describe the lengths of the records, in residues.
type LengthStats struct {
	Shortest, Median int64
	N50              int64 // at least half of all residues are in records of at least this length
	Bins             []LengthBin
}

// LengthBin counts the records of From to To residues, both included. Bins double in width: 0, 1, 2 to 3, 4 to 7 and so
// on, from the shortest record's to the longest's.
type LengthBin struct {
	From, To          int64
	Records, Residues int64
}

// LengthStats reads all lengths once.
func (x *Index) LengthStats() (LengthStats, error) {
	var stats LengthStats
	var bins [65]LengthBin // by the number of bits of a length
	var position, residues int64
	for length, err := range x.Lengths(Share(x.Len(), 0, 1)) {
		if err != nil {
			return LengthStats{}, err
		}
		residues += length
		if stats.N50 == 0 && 2*residues >= x.Tokens() {
			stats.N50 = length
		}
		if position == x.Len()/2 {
			stats.Median = length
		}
		position++
		stats.Shortest = length // they descend
		bin := &bins[bits.Len64(uint64(length))]
		bin.Records++
		bin.Residues += length
	}
	for width := bits.Len64(uint64(stats.Shortest)); width <= bits.Len64(uint64(x.Longest())) && x.Len() > 0; width++ {
		bin := bins[width]
		if width > 0 {
			bin.From, bin.To = 1<<(width-1), 1<<width-1
		}
		stats.Bins = append(stats.Bins, bin)
	}
	return stats, nil
}
