package index

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestLengthStats(t *testing.T) {
	for _, lengths := range [][]int{{}, {0}, {5}, {0, 0, 7, 8, 100}, {1, 2, 3, 4, 5, 6, 7}, {64, 64, 64, 63}} {
		f := newFixture(t)
		var records []testRecord
		for i, n := range lengths {
			records = append(records, testRecord{header: fmt.Sprint("r", i), eol: "\n", lines: []string{strings.Repeat("M", n)}})
		}
		x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(records)))
		stats, err := x.LengthStats()
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(lengths)
		slices.Reverse(lengths)
		n50, half := 0, 0
		for _, n := range lengths {
			if half += n; int64(2*half) >= x.Tokens() {
				n50 = n
				break
			}
		}
		if stats.N50 != int64(n50) || len(lengths) > 0 && (stats.Median != int64(lengths[len(lengths)/2]) || stats.Shortest != int64(lengths[len(lengths)-1])) {
			t.Errorf("%v: %+v", lengths, stats)
		}
		var count, residues int64
		for _, bin := range stats.Bins {
			for _, n := range lengths {
				if bin.From <= int64(n) && int64(n) <= bin.To {
					count++
					bin.Residues -= int64(n)
					bin.Records--
				}
			}
			residues += bin.Residues
			if bin.Records != 0 {
				t.Errorf("%v: bin %+v", lengths, bin)
			}
		}
		if count != x.Len() || residues != 0 {
			t.Errorf("%v: %+v", lengths, stats)
		}
		for i, r := range []Range{{0, 1, 1}, {3, 63, 1}, {64, 1000, 1}} {
			have, err := x.OfLength(r.Start, r.Stop)
			want := 0
			for _, n := range lengths {
				if int64(n) >= r.Start && int64(n) <= r.Stop {
					want++
				}
			}
			if err != nil || have.Len() != int64(want) {
				t.Errorf("%v, range %d: %+v, %v", lengths, i, have, err)
			}
			for n := range x.Lengths(have) {
				if n < r.Start || n > r.Stop {
					t.Errorf("%v, range %d: %d", lengths, i, n)
				}
			}
		}
	}
}
