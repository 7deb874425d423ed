package mmapfasta

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// regularBody writes lines of equal width, all but the last, which is shorter and may lack its line end.
func regularBody(random *rand.Rand) []byte {
	width := 1 + random.IntN(61)
	lineEnd := [][]byte{[]byte("\n"), []byte("\r\n")}[random.IntN(2)]
	line := append(bytes.Repeat([]byte("A"), width), lineEnd...)
	body := bytes.Repeat(line, random.IntN(5))
	if random.IntN(2) == 0 {
		body = append(body, line[:random.IntN(width+1)]...)
		if random.IntN(2) == 0 {
			body = append(body, lineEnd...)
		}
	}
	return body
}

// blankSomewhere inserts, deletes or replaces one whitespace byte of a body. Half of the places are beside a line end,
// where it matters most.
func blankSomewhere(random *rand.Rand, body []byte) []byte {
	blank := "\n\r\n\r \t\v\f"[random.IntN(8)]
	at := random.IntN(len(body) + 1)
	if random.IntN(2) == 0 {
		if end := bytes.IndexByte(body[at:], '\n'); end >= 0 {
			at = max(0, at+end-2+random.IntN(5))
		}
	}
	at = min(at, len(body))
	switch kind := random.IntN(3); {
	case kind == 0 || at == len(body):
		return slices.Insert(body, at, blank)
	case kind == 1 && isBlank(body[at]):
		return slices.Delete(body, at, at+1)
	default:
		body[at] = blank
		return body
	}
}

// TestBlanksOutOfPlace: what decides whether the lines of a record are alike are short cuts for the common cases. A
// record that is regular but for one or two bytes of whitespace is where one of them would be wrong.
func TestBlanksOutOfPlace(t *testing.T) {
	regular, irregular := 0, 0
	for seed := range uint64(10_000) {
		random := rand.New(rand.NewPCG(seed, 5))
		body := regularBody(random)
		for range random.IntN(3) {
			body = blankSomewhere(random, body)
		}
		content := slices.Concat([]byte(">a\n"), body)
		if random.IntN(4) > 0 { // another record: this one lies in its chunk as a whole
			content = append(content, ">b\nA\n"...)
		}
		want, refusal := referenceScan(content)
		if refusal != (refused{}) {
			t.Fatalf("%q: %+v", content, refusal)
		}
		switch r := want[0]; {
		case r.LineResidues > 0 && r.LineResidues < r.Length:
			regular++
		case r.LineResidues == 0 && r.Length > 0:
			irregular++
		}
		for _, size := range []int{chunkSize, 1 + random.IntN(len(content))} {
			got, _, err := scanMemory(content, size, 1)
			if err != nil {
				t.Fatalf("%q in chunks of %d: %v", content, size, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%q in chunks of %d (-want +got):\n%s", content, size, diff)
			}
		}
	}
	if regular < 2000 || irregular < 2000 {
		t.Errorf("%d records had several lines that are alike, %d lines that are not", regular, irregular)
	}
}
