package infer

import (
	"math"
	"strings"
	"testing"

	"longfirst/index"
)

// TestManyRecordsOfOneResidue embeds 10,000 of them: a record's embedding is that of its residue, in whatever batch and
// place it stands.
func TestManyRecordsOfOneResidue(t *testing.T) {
	const letters = "LAGVSERTIDPKQNFYMHWC"
	const records = 10_000
	var fasta strings.Builder
	for i := range records {
		fasta.WriteString(">r\n" + letters[i*7%20:][:1] + "\n")
	}
	x := buildIndex(t, fasta.String())
	rows, skips := embedAll(t, newEmbedder(t, x, 2, CPUBatch(2), 0), index.Share(x.Len(), 0, 1), none)
	if len(rows) != records || len(skips) != 0 {
		t.Fatalf("%d rows and %d skips of %d records", len(rows), len(skips), records)
	}
	alone, _ := embedAll(t, newEmbedder(t, x, 1, 1, 0), index.Share(x.Len(), 0, 1).Sub(0, 20), none)
	if len(alone) != 20 {
		t.Fatalf("%d rows of 20 records", len(alone))
	}
	seen := map[byte][]float32{}
	for ordinal, row := range alone {
		seen[letters[ordinal*7%20]] = row.Values
	}
	for ordinal, row := range rows {
		want, ok := seen[letters[ordinal*7%20]]
		if !ok || row.Residues != 1 {
			t.Fatalf("record %d: %+v", ordinal, row)
		}
		for d, v := range row.Values {
			if math.Float32bits(v) != math.Float32bits(want[d]) {
				t.Fatalf("record %d: dimension %d is %v, alone %v", ordinal, d, v, want[d])
			}
		}
	}
}
