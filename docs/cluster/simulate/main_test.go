package main

import (
	"bytes"
	"strings"
	"testing"

	"longfirst/infer"
	"longfirst/infer/esm2"
)

// Dealing loses nothing, whatever the number of ranks, and two shares differ by at most the longest record.
func TestDeal(t *testing.T) {
	config, _ := esm2.Named("esm2_t6_8M")
	cost := infer.CostOf(config, 1024)
	l := uniRef50Like(20_000)
	if n := l.records(); n != 20_000 {
		t.Fatal(n)
	}
	if mean := l.residues() / l.records(); mean < 250 || mean > 310 {
		t.Errorf("%d residues a record", mean)
	}
	for _, ranks := range []int{1, 7, 64, 1000} {
		var records, residues int64
		for rank := range ranks {
			for length := range l.share(rank, ranks) {
				records++
				residues += length
			}
		}
		if records != l.records() || residues != l.residues() {
			t.Errorf("%d ranks: %d records, %d residues", ranks, records, residues)
		}
		o, err := deal(l, cost, 1e11, ranks)
		if err != nil || o.largest-o.smallest > float64(cost.FLOPs(l[0].length)) || o.parts < ranks {
			t.Errorf("%d ranks: %+v, %v", ranks, o, err)
		}
	}
}

func TestReport(t *testing.T) {
	config, _ := esm2.Named("esm2_t6_8M")
	var b bytes.Buffer
	if err := report(&b, uniRef50Like(5000), infer.CostOf(config, 1024), 1e11); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(b.String(), "\n"); lines != 2+1+11 || !strings.HasPrefix(b.String(), "5000 records, ") {
		t.Error(b.String())
	}
}
