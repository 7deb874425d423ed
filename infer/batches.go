package infer

import "iter"

// budget bounds what is packed into one batch.
type budget struct {
	tokens    int64
	sequences int
}

// fits tells whether a sequence of that many tokens may join a batch of sequences with used tokens. A batch takes at
// least one sequence.
func (b budget) fits(used int64, sequences int, tokens int64) bool {
	return sequences == 0 || used+tokens <= b.tokens && sequences < b.sequences
}

// Packing says how sequences fill batches.
type Packing struct {
	Batches int64
	Tokens  int64 // BOS and EOS included
	Longest int64 // tokens of the largest batch
}

// PlanPacking packs records of the given lengths, in order, as an Embedder with the budget does, and counts.
func PlanPacking(lengths iter.Seq2[int64, error], maxLength int64, tokenBudget, maxSequences int) (Packing, error) {
	var p Packing
	b := budget{int64(tokenBudget), maxSequences}
	var used int64
	var sequences int
	for length, err := range lengths {
		if err != nil {
			return p, err
		}
		if length == 0 {
			continue
		}
		n := tokens(length, maxLength)
		if p.Batches == 0 || !b.fits(used, sequences, n) {
			p.Batches++
			used, sequences = 0, 0
		}
		used += n
		sequences++
		p.Tokens += n
		p.Longest = max(p.Longest, used)
	}
	return p, nil
}
