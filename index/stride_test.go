package index

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestHundredRecordsOverFourRanks(t *testing.T) {
	f := newFixture(t)
	x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(someRecords(100, 1))))
	shares, err := Distribution(x, 4)
	if err != nil {
		t.Fatal(err)
	}
	for rank, share := range shares {
		if share.Rank != rank || share.Records != 25 || Share(100, rank, 4).Len() != 25 {
			t.Errorf("%+v", share)
		}
	}
}

func TestDistributionIsThatOfTheEntries(t *testing.T) {
	f := newFixture(t)
	x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(someRecords(5000, 2))))
	shares, err := Distribution(x, 8)
	if err != nil {
		t.Fatal(err)
	}
	for rank, share := range shares {
		want := ShareTotals{Rank: rank}
		for e, err := range x.Entries(Share(x.Len(), rank, 8)) {
			if err != nil {
				t.Fatal(err)
			}
			want.Records++
			want.Tokens += e.Length
		}
		if share != want {
			t.Errorf("%+v, not %+v", share, want)
		}
		if mean := x.Tokens() / 8; share.Tokens < mean*9/10 || share.Tokens > mean*11/10 {
			t.Errorf("rank %d has %d tokens of a mean of %d", rank, share.Tokens, mean)
		}
	}
	if again, err := Distribution(x, 8); err != nil || !slices.Equal(again, shares) {
		t.Errorf("a second time: %v %v", again, err)
	}
}

func TestMoreRanksThanRecords(t *testing.T) {
	f := newFixture(t)
	x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(someRecords(3, 1))))
	shares, err := Distribution(x, 10)
	if err != nil {
		t.Fatal(err)
	}
	for rank, share := range shares {
		var items int64
		for _, err := range x.Entries(Share(3, rank, 10)) {
			if err != nil {
				t.Fatal(err)
			}
			items++
		}
		if want := int64(max(0, min(1, 3-rank))); share.Records != want || items != want {
			t.Errorf("rank %d: %d records, %d entries", rank, share.Records, items)
		}
	}
}

// TestSharesPartition: every record is in exactly one share, shares are longest first, and no two differ by more than
// the longest record.
func TestSharesPartition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.SliceOfN(rapid.Int64Range(0, 40000), 0, 300).Draw(t, "lengths")
		slices.SortFunc(lengths, func(a, b int64) int { return cmp.Compare(b, a) })
		total := int64(len(lengths))
		world := rapid.IntRange(1, 400).Draw(t, "world")
		taken := make([]int, total)
		var least, most int64 = 1 << 62, 0
		for rank := range world {
			share := Share(total, rank, world)
			var tokens, items int64
			for position := share.Start; position < share.Stop; position += share.Step {
				taken[position]++
				tokens += lengths[position]
				items++
			}
			if items != share.Len() {
				t.Fatalf("rank %d has %d records, not %d", rank, items, share.Len())
			}
			least, most = min(least, tokens), max(most, tokens)
		}
		for position, times := range taken {
			if times != 1 {
				t.Fatalf("position %d is in %d shares", position, times)
			}
		}
		if total > 0 && most-least > lengths[0] {
			t.Fatalf("shares of %d and %d tokens, longest %d", least, most, lengths[0])
		}
	})
}

func positions(r Range) []int64 {
	all := []int64{}
	for position := r.Start; position < r.Stop; position += r.Step {
		all = append(all, position)
	}
	return all
}

func TestSubIsASlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Range{
			Start: rapid.Int64Range(0, 50).Draw(t, "start"),
			Stop:  rapid.Int64Range(0, 200).Draw(t, "stop"),
			Step:  rapid.Int64Range(1, 20).Draw(t, "step"),
		}
		i := rapid.Int64Range(0, r.Len()).Draw(t, "i")
		j := rapid.Int64Range(i, r.Len()).Draw(t, "j")
		sub := r.Sub(i, j)
		if !slices.Equal(positions(sub), positions(r)[i:j]) || sub.Len() != j-i {
			t.Fatalf("%+v items %d to %d: %+v", r, i, j, sub)
		}
	})
}

func TestImpossibleSharesPanic(t *testing.T) {
	for name, call := range map[string]func(){
		"rank beyond world":  func() { Share(10, 4, 4) },
		"negative rank":      func() { Share(10, -1, 4) },
		"items beyond range": func() { Share(10, 0, 4).Sub(0, 4) },
		"items backwards":    func() { Share(10, 0, 4).Sub(2, 1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error(name)
				}
			}()
			call()
		}()
	}
}
