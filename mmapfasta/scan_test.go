package mmapfasta

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scans holds one case for each rule on what a record is. Each is scanned with every buffer size from 1 to 64.
var scans = []struct {
	name    string
	content string
	want    []found
}{
	{"empty file", "", nil},
	{"blank lines only", "\n \t\r\n\v\f\n", nil},
	{"byte order mark only", "\xef\xbb\xbf", nil},
	{"single record", ">a\nACGT\n", []found{{"a", 0, 3, 8, 4, 4, 5}}},
	{"two records", ">a\nAC\n>b\nGTT\n", []found{{"a", 0, 3, 6, 2, 2, 3}, {"b", 6, 9, 13, 3, 3, 4}}},
	{"missing last line end", ">a\nACGT", []found{{"a", 0, 3, 7, 4, 4, 4}}},
	{"several lines", ">a\nACG\nTAC\nG\n", []found{{"a", 0, 3, 13, 7, 3, 4}}},
	{"several lines, last one full", ">a\nACG\nTAC\n", []found{{"a", 0, 3, 11, 6, 3, 4}}},
	{"several lines, missing last line end", ">a\nACG\nTAC\nG", []found{{"a", 0, 3, 12, 7, 3, 4}}},
	{"CRLF", ">a\r\nACG\r\nTAC\r\nG\r\n", []found{{"a", 0, 4, 17, 7, 3, 5}}},
	{"CRLF, single line", ">a\r\nACG\r\n", []found{{"a", 0, 4, 9, 3, 3, 5}}},
	{"CRLF cut after its CR", ">a\r\nACG\r", []found{{"a", 0, 4, 8, 3, 3, 4}}},
	{"LF, then CRLF", ">a\nACG\nTAC\r\nG\n", []found{{"a", 0, 3, 14, 7, 0, 0}}},
	{"CRLF, then LF", ">a\nACG\r\nTAC\nG\n", []found{{"a", 0, 3, 14, 7, 0, 0}}},
	{"CRLF, then LF at the end", ">a\nACG\r\nTAC\n", []found{{"a", 0, 3, 12, 6, 3, 5}}},
	{"CRLF, then LF behind a blank", ">a\r\nACG\r\n ACG\nT\n", []found{{"a", 0, 4, 16, 7, 0, 0}}},
	{"CRLF where it is due, LF behind a blank between", ">a\nACGT\r\nA \nT\r\n>b\nA\n", []found{{"a", 0, 3, 15, 6, 0, 0}, {"b", 15, 18, 20, 1, 1, 2}}},
	{"carriage return inside a body", ">a\nAC\rGT\n", []found{{"a", 0, 3, 9, 4, 0, 0}}},
	{"ragged lines", ">a\nACG\nT\nACG\n", []found{{"a", 0, 3, 13, 7, 0, 0}}},
	{"lines that grow", ">a\nA\nCG\n", []found{{"a", 0, 3, 8, 3, 0, 0}}},
	{"blank line inside a body", ">a\nACG\n\nTAC\n", []found{{"a", 0, 3, 12, 6, 0, 0}}},
	{"blank line first", ">a\n\nACG\n", []found{{"a", 0, 3, 8, 3, 0, 0}}},
	{"blank lines last", ">a\nACG\nTA\n\n \n", []found{{"a", 0, 3, 13, 5, 3, 4}}},
	{"blanks inside a line", ">a\nAC GT\tA\vC\fG\n", []found{{"a", 0, 3, 15, 7, 0, 0}}},
	{"blanks where the next residue is due", ">a\nACG\n AC\nT\n", []found{{"a", 0, 3, 13, 6, 0, 0}}},
	{"blank at each line's end", ">a\nACG \nTAC \nG\n", []found{{"a", 0, 3, 15, 7, 0, 0}}},
	{"blank at the last line's end", ">a\nACG\nTAC \n", []found{{"a", 0, 3, 12, 6, 3, 4}}},
	{"every kind of whitespace is no residue", ">a\n \t\r\n\v\f", []found{{"a", 0, 3, 9, 0, 0, 0}}},
	{"bytes next to whitespace are residues", ">a\n\x01\x08\x0e\x1f!\x7f\x80\x85\xa0\xff\n", []found{{"a", 0, 3, 14, 10, 10, 11}}},
	{"empty records", ">a\n>b\n\n>c", []found{{"a", 0, 3, 3, 0, 0, 0}, {"b", 3, 6, 7, 0, 0, 0}, {"c", 7, 9, 9, 0, 0, 0}}},
	{"'>' inside a line", ">a>b\nAC>GT\n >T\n", []found{{"a>b", 0, 5, 15, 7, 0, 0}}},
	{"'>' after a carriage return", ">a\nAC\r>b\n", []found{{"a", 0, 3, 9, 4, 0, 0}}},
	{"'>' starts a residue line", ">a\n>\n>\n", []found{{"a", 0, 3, 3, 0, 0, 0}, {"3", 3, 5, 5, 0, 0, 0}, {"5", 5, 7, 7, 0, 0, 0}}},
	{"byte order mark", "\xef\xbb\xbf>a\nAC\n", []found{{"a", 3, 6, 9, 2, 2, 3}}},
	{"byte order mark inside", ">a\n\xef\xbb\xbf>b\nAC\n", []found{{"a", 0, 3, 12, 7, 5, 6}}},
	{"blank lines before the first record", " \n\r\n\t\n>a\nAC\n", []found{{"a", 6, 9, 12, 2, 2, 3}}},
	{"byte order mark, then blank lines", "\xef\xbb\xbf\n>a\nAC\n", []found{{"a", 4, 7, 10, 2, 2, 3}}},
	{"description", ">a b c\nAC\n", []found{{"a", 0, 7, 10, 2, 2, 3}}},
	{"id ends at a tab", ">a\tb\nAC\n", []found{{"a", 0, 5, 8, 2, 2, 3}}},
	{"id ends at Ctrl-A", ">a\x01b\nAC\n", []found{{"a", 0, 5, 8, 2, 2, 3}}},
	{"id ends at a form feed", ">a\fb\nAC\n", []found{{"a", 0, 5, 8, 2, 2, 3}}},
	{"whitespace before the id", "> \t\v\fa b\nAC\n", []found{{"a", 0, 9, 12, 2, 2, 3}}},
	{"Ctrl-A before any id", ">a\nA\n>\x01b\nAC\n", []found{{"a", 0, 3, 5, 1, 1, 2}, {"5", 5, 9, 12, 2, 2, 3}}},
	{"empty header", ">a\nA\n>\nAC\n", []found{{"a", 0, 3, 5, 1, 1, 2}, {"5", 5, 7, 10, 2, 2, 3}}},
	{"empty header, CRLF", ">\r\nAC\r\n", []found{{"0", 0, 3, 7, 2, 2, 4}}},
	{"header of whitespace", ">a\nA\n> \t\nAC\n", []found{{"a", 0, 3, 5, 1, 1, 2}, {"5", 5, 9, 12, 2, 2, 3}}},
	{"only a '>'", ">", []found{{"0", 0, 1, 1, 0, 0, 0}}},
	{"header cut after its CR", ">a\r", []found{{"a", 0, 3, 3, 0, 0, 0}}},
	{"id is not UTF-8", ">\xff\xfe\x80 x\nAC\n", []found{{"\xff\xfe\x80", 0, 7, 10, 2, 2, 3}}},
	{"duplicate ids", ">a\nA\n>a\nA\n", []found{{"a", 0, 3, 5, 1, 1, 2}, {"a", 5, 8, 10, 1, 1, 2}}},
	{"'@' later than the first byte", ">a\n@AC\n", []found{{"a", 0, 3, 7, 3, 3, 4}}},
	{"';' is a residue", ">a\n;AC\n", []found{{"a", 0, 3, 7, 3, 3, 4}}},
}

func TestScan(t *testing.T) {
	for _, test := range scans {
		t.Run(test.name, func(t *testing.T) {
			for _, size := range append(sizes(), chunkSize) {
				got, sum, err := scanMemory([]byte(test.content), size, 1+size%3)
				if err != nil {
					t.Fatalf("chunks of %d: %v", size, err)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Fatalf("chunks of %d (-want +got):\n%s", size, diff)
				}
				if err := checkRecords([]byte(test.content), got, sum); err != nil {
					t.Fatalf("chunks of %d: %v", size, err)
				}
				if want := referenceHash([]byte(test.content), size); sum.Hash != want {
					t.Fatalf("chunks of %d: hash %x, want %x", size, sum.Hash, want)
				}
			}
		})
	}
}

func sizes() []int {
	var all []int
	for size := 1; size <= 64; size++ {
		all = append(all, size)
	}
	return all
}

var refusals = []struct {
	name    string
	content string
	want    refused
}{
	{"text before the first '>'", "ACGT\n>a\nAC\n", refused{ErrNotFASTA, 0, 1}},
	{"text after blank lines", "\n\r\n  x\n>a\n", refused{ErrNotFASTA, 5, 3}},
	{"'>' not first in its line", " >a\nAC\n", refused{ErrNotFASTA, 1, 1}},
	{"text after a byte order mark", "\xef\xbb\xbfACGT\n", refused{ErrNotFASTA, 3, 1}},
	{"half a byte order mark", "\xef\xbb>a\nAC\n", refused{ErrNotFASTA, 0, 1}},
	{"two byte order marks", "\xef\xbb\xbf\xef\xbb\xbf>a\n", refused{ErrNotFASTA, 3, 1}},
	{"UTF-16", "\xff\xfe>\x00a\x00", refused{ErrNotFASTA, 0, 1}},
	{"FASTQ", "@read1\nACGT\n+\nIIII\n", refused{ErrFASTQ, 0, 1}},
	{"FASTQ after a blank line", "\n@read1\nACGT\n", refused{ErrFASTQ, 1, 2}},
	{"NUL in a body", ">a\nAC\x00GT\n", refused{ErrNUL, 5, 2}},
	{"NUL in a header", ">a\nAC\n>b\x00\nAC\n", refused{ErrNUL, 8, 3}},
	{"NUL in a description", ">a b\x00\nAC\n", refused{ErrNUL, 4, 1}},
	{"NUL first", "\x00>a\nAC\n", refused{ErrNUL, 0, 1}},
	{"NUL last", ">a\nAC\n\x00", refused{ErrNUL, 6, 3}},
	{"CR-only file", ">a\rACGT\r>b\rACGT\r", refused{ErrBareCR, 2, 1}},
	{"CR inside the second header", ">a\nAC\n>b\rc\nAC\n", refused{ErrBareCR, 8, 3}},
	{"two CRs end a header", ">a\r\r\nAC\n", refused{ErrBareCR, 2, 1}},
	{"CR, then NUL", ">a\r\x00\n", refused{ErrBareCR, 2, 1}},
	{"NUL before CR", ">a\x00\rb\n", refused{ErrNUL, 2, 1}},
	{"gzip", "\x1f\x8b\x08\x00rest", refused{ErrCompressed, 0, 1}},
	{"bzip2", "BZh91AY", refused{ErrCompressed, 0, 1}},
	{"xz", "\xfd7zXZ\x00\x00", refused{ErrCompressed, 0, 1}},
	{"zstd", "\x28\xb5\x2f\xfd\x00", refused{ErrCompressed, 0, 1}},
	{"zip", "PK\x03\x04\x14", refused{ErrCompressed, 0, 1}},
	{"lz4", "\x04\x22\x4d\x18@", refused{ErrCompressed, 0, 1}},
	{"lzip", "LZIP\x01", refused{ErrCompressed, 0, 1}},
	{"7z", "7z\xbc\xaf\x27\x1c\x00", refused{ErrCompressed, 0, 1}},
	{"compress", "\x1f\x9d\x90", refused{ErrCompressed, 0, 1}},
}

func TestScanRefuses(t *testing.T) {
	for _, test := range refusals {
		t.Run(test.name, func(t *testing.T) {
			for _, size := range append(sizes(), chunkSize) {
				_, _, err := scanMemory([]byte(test.content), size, 1+size%3)
				if got := refusedBy(err); got != test.want {
					t.Fatalf("chunks of %d: %+v, want %+v", size, got, test.want)
				}
				for _, part := range []string{"memory.fa", fmt.Sprintf("byte %d", test.want.offset), fmt.Sprintf("line %d", test.want.line)} {
					if !strings.Contains(err.Error(), part) {
						t.Fatalf("%q does not name %q", err, part)
					}
				}
			}
		})
	}
}

func TestReferenceScan(t *testing.T) {
	for _, test := range scans {
		got, err := referenceScan([]byte(test.content))
		if diff := cmp.Diff(test.want, got); diff != "" || err != (refused{}) {
			t.Errorf("%s: %v (-want +got):\n%s", test.name, err, diff)
		}
	}
	for _, test := range refusals {
		if _, got := referenceScan([]byte(test.content)); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

// almostRegular are bodies that each short cut of telling the layout of lines takes or only just does not.
var almostRegular = []string{
	"MKTAYI\nAKQRQI\nSFV\n",
	"MKTAYI\nAKQRQI\nSFVKSH",
	"MKTAYI\nAKQRQ\nISFVK\n",
	"MKTAYI\n\nAKQRQ\nSFVKS\n",
	"MKTAYI\r\nAKQRQI\r\nSFV\r\n",
	"MKTAYI\r\nAKQRQI\r\nSFVKSH",
	"MKTAYI\r\nAKQRQI\nSFVKSH\r\n",
	"MKTAYI\nAKQRQI\r\nSFVKSH\n",
	"MKTAYI\r\nAKQRQI\r\nSFV\r\r\n",
	"MKTAYI\r\nAKQR\nI\r\nSFVK\r\n",
	"MKTAYI\r\nA\rKQRQ\r\nS\nFV\r\n",
	"MKTAYI\r\nAKQRQI\r\nS FV\n",
	"MKTAYI\r\nAKQRQI\r\n\r\n\r\n",
	"MKTAYI \nAKQRQI \nSFV\n",
}

func FuzzScan(f *testing.F) {
	for i, test := range scans {
		f.Add([]byte(test.content), uint8(i))
	}
	for i, test := range refusals {
		f.Add([]byte(test.content), uint8(i))
	}
	f.Add(proteins(400, "\r\n"), uint8(63))
	for i, body := range almostRegular {
		f.Add([]byte(">a\n"+body+">b\n"+body), uint8(17*i))
	}
	f.Fuzz(func(t *testing.T, content []byte, size uint8) {
		want, refusal := referenceScan(content)
		for _, size := range []int{int(size)%64 + 1, 1, chunkSize} {
			got, sum, err := scanMemory(content, size, 1+size%2)
			if r := refusedBy(err); r != refusal {
				t.Fatalf("chunks of %d: %+v, want %+v", size, r, refusal)
			}
			if err != nil {
				continue
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("chunks of %d (-want +got):\n%s", size, diff)
			}
			if err := checkRecords(content, got, sum); err != nil {
				t.Fatalf("chunks of %d: %v", size, err)
			}
		}
	})
}
