package mmapfasta

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNothingIsTooLarge joins chunks of a file that no disk here holds: a body of five gigabytes and a half, behind byte
// 2^48, and one more record, regular in its lines and then not.
func TestNothingIsTooLarge(t *testing.T) {
	const far, line, lines, chunks = int64(1) << 48, 64, 4 << 10, 22 << 10
	header := []byte(">huge one\n")
	body := bytes.Repeat(append(bytes.Repeat([]byte("A"), line-1), '\n'), lines)
	for _, test := range []struct {
		tail         string
		length       int64
		residues, by int64
	}{
		{"AC\n", 2, line - 1, line},
		{"A C\nA\n", 3, 0, 0},
	} {
		var got []found
		s := stitcher{yield: func(b *Batch) error {
			return b.each(func(r *Record) error {
				got = append(got, found{string(r.ID), r.Offset, r.BodyOffset, r.BodyEnd, r.Length, r.LineResidues, r.LineBytes})
				return nil
			})
		}}
		at := far
		take := func(c *chunk) {
			t.Helper()
			c.base = at
			if err := s.take(c); err != nil {
				t.Fatal(err)
			}
			at += int64(len(c.data))
		}
		scanned := func(text []byte) *chunk {
			c := &chunk{base: at, previous: '\n', data: text}
			c.scan()
			return c
		}
		take(scanned(header))
		c := scanned(body)
		for range chunks {
			take(c)
		}
		end := at + int64(len(test.tail))
		take(scanned([]byte(test.tail + ">next\nACG")))
		if err := s.endRecord(at); err != nil {
			t.Fatal(err)
		}
		want := []found{
			{"huge", far, far + int64(len(header)), end, chunks*lines*(line-1) + test.length, test.residues, test.by},
			{"next", end, end + 6, end + 9, 3, 3, 3},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q last (-want +got):\n%s", test.tail, diff)
		}
	}
}
