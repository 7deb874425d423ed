package output

import "math/bits"

// ordinalSet is a set of ordinals with ranks: one bit per record of the index and one count per 512 records.
type ordinalSet struct {
	words  []uint64
	before []int64 // members in front of each group of 8 words; valid after seal
	n      int64
}

func newOrdinalSet(records int64) *ordinalSet {
	return &ordinalSet{words: make([]uint64, (records+63)/64)}
}

// add reports false for an ordinal that is a member already. The ordinal must be in [0, records).
func (s *ordinalSet) add(ordinal int64) bool {
	word, bit := &s.words[ordinal/64], uint64(1)<<(ordinal%64)
	if *word&bit != 0 {
		return false
	}
	*word |= bit
	s.n++
	return true
}

// seal prepares for rank.
func (s *ordinalSet) seal() {
	s.before = make([]int64, (len(s.words)+7)/8)
	var n int64
	for i, word := range s.words {
		if i%8 == 0 {
			s.before[i/8] = n
		}
		n += int64(bits.OnesCount64(word))
	}
}

// rank returns the number of members smaller than ordinal.
func (s *ordinalSet) rank(ordinal int64) int64 {
	word := ordinal / 64
	n := s.before[word/8]
	for i := word &^ 7; i < word; i++ {
		n += int64(bits.OnesCount64(s.words[i]))
	}
	return n + int64(bits.OnesCount64(s.words[word]&(1<<(ordinal%64)-1)))
}
