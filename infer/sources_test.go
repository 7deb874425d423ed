package infer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"longfirst/index"
	"longfirst/mmapfasta"
	"longfirst/mmapfasta/mapped"
)

// manyRecords returns FASTA of n records of different lengths in lines of 60.
func manyRecords(n, seed int) string {
	var b strings.Builder
	for i := range n {
		length := 1 + (i*37+seed)%211
		fmt.Fprintf(&b, ">s%d_%d description %d\n", seed, i, i)
		s := protein(length, i)
		for len(s) > 60 {
			b.WriteString(s[:60] + "\n")
			s = s[60:]
		}
		b.WriteString(s + "\n")
	}
	return b.String()
}

func TestSourcesReadAShareInIndexOrder(t *testing.T) {
	x := buildIndex(t, manyRecords(700, 1), manyRecords(90, 2))
	for _, world := range []int{1, 3, 1000} {
		seen := make(map[int64]bool)
		for rank := range world {
			share := index.Share(x.Len(), rank, world)
			s := NewSources(x)
			position := int64(rank)
			previous := x.Longest()
			err := s.Each(context.Background(), share, func(r *Record) error {
				if r.Position != position || r.Length > previous || seen[r.Ordinal] {
					t.Fatalf("rank %d of %d: position %d (want %d), length %d after %d, ordinal %d seen %v",
						rank, world, r.Position, position, r.Length, previous, r.Ordinal, seen[r.Ordinal])
				}
				seen[r.Ordinal] = true
				position += int64(world)
				previous = r.Length
				id, _ := mmapfasta.ParseHeader(r.Header)
				residues := mmapfasta.AppendResidues(nil, r.Body)
				if string(id) != string(r.ID) || int64(len(residues)) != r.Length {
					t.Fatalf("record %q: header says %q, %d residues of %d", r.ID, id, len(residues), r.Length)
				}
				file, number := 1, 0
				if _, err := fmt.Sscanf(string(r.ID), "s%d_%d", &file, &number); err != nil {
					t.Fatal(err)
				}
				if want := protein(int(r.Length), number); string(residues) != want || r.File != file-1 {
					t.Fatalf("record %q of file %d holds %q, want %q", r.ID, r.File, residues, want)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if int64(len(seen)) != x.Len() {
			t.Errorf("world size %d: %d of %d records seen", world, len(seen), x.Len())
		}
	}
}

func TestSourcesReadASubset(t *testing.T) {
	x := buildIndex(t, manyRecords(400, 1))
	s := NewSources(x)
	defer s.Close()
	var got []int64
	subset := index.Share(x.Len(), 2, 7).Sub(5, 9)
	if err := s.Each(context.Background(), subset, func(r *Record) error {
		got = append(got, r.Position)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int64{37, 44, 51, 58}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSourcesGoOnAfterAnError(t *testing.T) {
	x := buildIndex(t, manyRecords(400, 1))
	s := NewSources(x)
	defer s.Close()
	stop := errors.New("stop")
	if err := s.Each(context.Background(), index.Share(x.Len(), 0, 1), func(*Record) error { return stop }); err != stop {
		t.Fatal(err)
	}
	want := int64(300)
	if err := s.Each(context.Background(), index.Range{Start: 300, Stop: 400, Step: 1}, func(r *Record) error {
		if r.Position != want {
			t.Fatalf("position %d, want %d", r.Position, want)
		}
		want++
		return nil
	}); err != nil || want != 400 {
		t.Error(want, err)
	}
}

func TestReadingAllocatesNothingPerRecord(t *testing.T) {
	x := buildIndex(t, manyRecords(3000, 1))
	s := NewSources(x)
	defer s.Close()
	tokenizer, err := NewTokenizer(vocabulary(t), DropGaps, 0)
	if err != nil {
		t.Fatal(err)
	}
	tokens := make([]uint8, 0, 4096)
	read := func(records int64) float64 {
		return testing.AllocsPerRun(5, func() {
			err := s.Each(context.Background(), index.Range{Start: 0, Stop: records, Step: 1}, func(r *Record) error {
				tokens, _ = tokenizer.Append(tokens[:0], r.Body)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
	read(3000) // buffers grow once
	if few, many := read(500), read(3000); many > few {
		t.Errorf("%v allocations for 500 records, %v for 3000", few, many)
	}
}

func TestTruncationUnderneathIsAnError(t *testing.T) {
	x := buildIndex(t, manyRecords(3000, 1))
	s := NewSources(x)
	defer s.Close()
	path := x.Files()[0].Path
	first := true
	err := s.Each(context.Background(), index.Share(x.Len(), 0, 1), func(r *Record) error {
		if first {
			first = false
			if err := os.Truncate(path, 10); err != nil {
				t.Fatal(err)
			}
		}
		mmapfasta.AppendResidues(nil, r.Body)
		return nil
	})
	var truncated *mapped.TruncatedError
	if !errors.As(err, &truncated) || truncated.Path != path || truncated.NewSize != 10 {
		t.Errorf("reading a truncated file: %v", err)
	}
	if err := s.Unchanged(); !errors.Is(err, mapped.ErrChanged) {
		t.Errorf("Unchanged: %v", err)
	}
}

func TestAFileThatIsNotTheIndexedOneIsRefused(t *testing.T) {
	x := buildIndex(t, ">a\nMKV\n")
	path := x.Files()[0].Path
	if err := os.WriteFile(path, []byte(">a\nMKVA\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	s := NewSources(x)
	defer s.Close()
	err := s.Each(context.Background(), index.Share(1, 0, 1), func(*Record) error { return nil })
	if !errors.Is(err, ErrNotIndexed) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}
