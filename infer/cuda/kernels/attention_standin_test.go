//go:build standin

package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
)

// batches are lengths of sequences around the edges of tiles.
var batches = [][]int{{1}, {63}, {64}, {65}, {2, 130, 17}, {33, 1, 200}}

// workItems lists the queries of all sequences, longest sequences first.
func workItems(lengths []int) (items [][4]int32) {
	first := int32(0)
	for _, length := range lengths {
		for q := 0; q < length; q += QueryTile {
			items = append(items, [4]int32{first, int32(length), int32(q), 0})
		}
		first += int32(length)
	}
	slices.SortStableFunc(items, func(a, b [4]int32) int { return int(b[1] - a[1]) })
	return items
}

// newQKV draws queries, keys and values [T, 3, heads, d] whose scores are about that large and shifted by shift.
func newQKV(r *rand.Rand, e Element, tokens, heads, d int, size, shift float64) matrix {
	m := newMatrix(r, e, tokens, 3*heads*d, 1)
	for t := range tokens {
		for c := range 3 * heads * d {
			at := t*m.pitch() + c
			switch third := c / (heads * d); {
			case third == 0:
				m.numbers[at] *= size / math.Sqrt(float64(d))
				if c%d == 0 {
					m.numbers[at] = shift
				}
			case third == 1 && c%d == 0:
				m.numbers[at] = 1
			}
		}
	}
	m.stored = stored(e, m.numbers)
	m.numbers = numbers(e, m.stored)
	return m
}

// attend is the reference. sizes are those of what an output is a sum of, amplified as much as an error of a score, which
// is a sum as well, changes a weight.
func attend(qkv matrix, lengths []int, heads, d int) (want, sizes, amplified []float64) {
	hidden := heads * d
	pitch := Pitch(hidden)
	want, sizes, amplified = make([]float64, qkv.rows*pitch), make([]float64, qkv.rows*pitch), make([]float64, qkv.rows*pitch)
	first := 0
	for _, length := range lengths {
		for head := range heads {
			for query := range length {
				scores := make([]float64, length)
				highest, amplification := math.Inf(-1), 0.0
				for key := range scores {
					size := 1.0
					for i := range d {
						product := qkv.at(first+query, head*d+i) * qkv.at(first+key, hidden+head*d+i)
						scores[key] += product
						size += math.Abs(product)
					}
					highest, amplification = max(highest, scores[key]), max(amplification, size)
				}
				var total float64
				for key := range scores {
					scores[key] = math.Exp(scores[key] - highest)
					total += scores[key]
				}
				for key, score := range scores {
					for i := range d {
						product := score / total * qkv.at(first+key, 2*hidden+head*d+i)
						at := (first+query)*pitch + head*d + i
						want[at] += product
						sizes[at] += math.Abs(product)
						amplified[at] += math.Abs(product) * amplification
					}
				}
			}
		}
		first += length
	}
	return want, sizes, amplified
}

func total(lengths []int) (sum int) {
	for _, n := range lengths {
		sum += n
	}
	return sum
}

func attentionChecks() (checks []check) {
	for _, e := range []Element{BF16, F16} {
		for _, d := range []int{16, 24, 32, 64, 128} {
			for i, lengths := range batches {
				const heads = 2
				// Scores that are all far below 0 or above it must be no different.
				size, shift := 4.0, []float64{0, -180, 0, 40, 0, -60}[i]
				checks = append(checks, check{"attention.cu", fmt.Sprintf("%s D=%d %v", e, d, lengths), func(s *standin, r *rand.Rand) error {
					qkv := newQKV(r, e, total(lengths), heads, d, size, shift)
					want, sizes, amplified := attend(qkv, lengths, heads, d)
					for i := range sizes { // probabilities are rounded to the type before they meet values
						significant, _ := format(e)
						sizes[i] = math.Ldexp(sizes[i], -significant) + 0x1p-20*amplified[i]
					}
					out, items := poisoned(e, total(lengths)*heads*d), workItems(lengths)
					if err := s.launch(Attention(e, len(items), heads, d), i, out, qkv.stored, items, heads*d); err != nil {
						return err
					}
					return closeWithin(e, out, want, sizes, heads*d, 1)
				}})
			}
		}
	}
	return append(checks, check{"attention.cu", "no batch mate changes a bit", func(s *standin, r *rand.Rand) error {
		const heads, d = 1, 24
		lengths := []int{70, 3, 129}
		qkv := newQKV(r, BF16, total(lengths), heads, d, 4, 0)
		run := func(qkv []uint16, lengths []int) ([]uint16, error) {
			out, items := make([]uint16, total(lengths)*heads*d), workItems(lengths)
			err := s.launch(Attention(BF16, len(items), heads, d), 1, out, qkv, items, heads*d)
			return out, err
		}
		together, err := run(qkv.stored.([]uint16), lengths)
		if err != nil {
			return err
		}
		first := 0
		for _, length := range lengths {
			alone, err := run(qkv.stored.([]uint16)[first*3*heads*d:][:length*3*heads*d], []int{length})
			if err != nil {
				return err
			}
			if !reflect.DeepEqual(alone, together[first*heads*d:][:length*heads*d]) {
				return fmt.Errorf("a sequence of %d differs from itself alone", length)
			}
			first += length
		}
		return nil
	}})
}

func attentionF32Checks() (checks []check) {
	for _, d := range []int{2, 6, 16, 24, 33, 64, 128} {
		for _, lengths := range batches {
			const heads = 2
			checks = append(checks, check{"attention_f32.cu", fmt.Sprintf("D=%d %v", d, lengths), func(s *standin, r *rand.Rand) error {
				qkv := newQKV(r, F32, total(lengths), heads, d, 4, -150)
				want, _, sizes := attend(qkv, lengths, heads, d)
				pitch, items := Pitch(heads*d), workItems(lengths)
				out := poisoned(F32, total(lengths)*pitch)
				if err := s.launch(Attention(F32, len(items), heads, d), 1, out, qkv.stored, items, heads*d, d, pitch, qkv.pitch()); err != nil {
					return err
				}
				return close(F32, out, want, sizes, heads*d)
			}})
		}
	}
	return checks
}
