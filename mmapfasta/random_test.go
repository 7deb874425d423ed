package mmapfasta

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fastaLike writes text close to FASTA with regular lines: most of it is regular, and what is not is wrong by a little,
// where scanning in pieces could go wrong too.
func fastaLike(random *rand.Rand) []byte {
	var out strings.Builder
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	for range random.IntN(5) {
		eol := pick("\n", "\n", "\r\n")
		width := 1 + random.IntN(9)
		out.WriteString(">" + pick("a", "bc d", " e", "", "f\x01g", "h\t", "ij>k", "l ") + eol)
		for range random.IntN(9) {
			line := []byte(strings.Repeat("A", width))
			switch random.IntN(20) {
			case 0:
				line = line[:random.IntN(width)]
			case 1:
				line[random.IntN(width)] = " \t>*\r\v"[random.IntN(6)]
			case 2:
				line = append(line, 'A')
			}
			out.Write(line)
			if random.IntN(20) == 0 {
				out.WriteString(pick("\n", "\r\n", "\n\n", " \n", "\r\r\n"))
			} else {
				out.WriteString(eol)
			}
		}
		if random.IntN(3) == 0 {
			out.WriteString(strings.Repeat("A", random.IntN(width)) + pick("", eol, eol+eol))
		}
	}
	if random.IntN(30) == 0 {
		out.WriteString(pick("\x00", ">a\rb\n", ">a\r"))
	}
	return []byte(out.String())
}

// TestAnyCutsGiveTheSame compares scanning in chunks of every size with the reference.
func TestAnyCutsGiveTheSame(t *testing.T) {
	regular := 0
	for seed := range uint64(1500) {
		random := rand.New(rand.NewPCG(seed, 4))
		content := fastaLike(random)
		want, refusal := referenceScan(content)
		for _, r := range want {
			if r.LineResidues > 0 && r.LineResidues < r.Length {
				regular++
			}
		}
		for size := 1; size <= len(content)+1; size += 1 + random.IntN(3) {
			got, sum, err := scanMemory(content, size, 1+random.IntN(2))
			if r := refusedBy(err); r != refusal {
				t.Fatalf("%q in chunks of %d: %+v, want %+v", content, size, r, refusal)
			}
			if err != nil {
				continue
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%q in chunks of %d (-want +got):\n%s", content, size, diff)
			}
			if err := checkRecords(content, got, sum); err != nil {
				t.Fatalf("%q in chunks of %d: %v", content, size, err)
			}
		}
	}
	if regular < 500 {
		t.Errorf("only %d records had several regular lines", regular)
	}
}
