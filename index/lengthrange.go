package index

import "sort"

// OfLength returns the positions of the records of shortest to longest residues, both included: a run, as the order is by
// length.
//
// Errors: ErrCorrupt.
func (x *Index) OfLength(shortest, longest int64) (Range, error) {
	var failed error
	// from is the first position whose record has at most so many residues.
	from := func(length int64) int64 {
		return int64(sort.Search(int(x.Len()), func(i int) bool {
			for have, err := range x.Lengths(Range{Start: int64(i), Stop: int64(i) + 1, Step: 1}) {
				if err != nil {
					failed = err
				}
				return have <= length
			}
			return true
		}))
	}
	r := Range{Start: from(longest), Step: 1}
	r.Stop = max(r.Start, from(shortest-1))
	return r, failed
}
