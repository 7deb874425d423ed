package index

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"longfirst/mmapfasta"
	"longfirst/mmapfasta/mapped"
)

// manyPages is an index of 30 pages with long runs of equal lengths, so that a position lies among ties that span
// pages, and with lengths that a page alone has.
func manyPages(t *testing.T) (*Index, []Entry) {
	f := newFixture(t)
	records := append(shortRecords(20000, 3, 1), shortRecords(10000, 4000, 2)...)
	x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(records)))
	return x, modelOf(records)
}

func TestEveryPositionIsFound(t *testing.T) {
	x, model := manyPages(t)
	random := rand.New(rand.NewPCG(1, 1))
	for page := range x.Pages() { // first and last of a page, and one inside
		first := page * pageEntries
		last := min(first+pageEntries, x.Len()) - 1
		for _, position := range []int64{first, last, first + random.Int64N(last-first+1)} {
			e, err := x.At(position)
			if err != nil {
				t.Fatal(err)
			}
			if err := diff(&e, model[position]); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAnyRange(t *testing.T) {
	x, model := manyPages(t)
	rapid.Check(t, func(t *rapid.T) {
		r := Range{
			Start: rapid.Int64Range(0, x.Len()).Draw(t, "start"),
			Stop:  rapid.Int64Range(0, x.Len()).Draw(t, "stop"),
			Step:  rapid.OneOf(rapid.Int64Range(1, 9), rapid.Int64Range(1, 40*pageEntries)).Draw(t, "step"),
		}
		position, items := r.Start, int64(0)
		for e, err := range x.Entries(r) {
			if err != nil {
				t.Fatal(err)
			}
			if err := diff(e, model[position]); err != nil {
				t.Fatal(err)
			}
			position += r.Step
			items++
		}
		if items != r.Len() {
			t.Fatalf("%d items, not %d", items, r.Len())
		}
		position = r.Start
		for length, err := range x.Lengths(r) {
			if err != nil || length != model[position].Length {
				t.Fatalf("position %d: length %d, %v", position, length, err)
			}
			position += r.Step
		}
	})
}

func TestIterationEndsEarly(t *testing.T) {
	f := newFixture(t)
	records := shortRecords(3000, 90, 1)
	x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(records)))
	model := modelOf(records)
	var kept Entry
	for e, err := range x.Entries(Share(x.Len(), 1, 7)) {
		if err != nil {
			t.Fatal(err)
		}
		kept = *e
		break
	}
	if kept.Position != 1 || kept.Length != model[1].Length {
		t.Errorf("%+v", kept)
	}
}

func TestPositionsOutside(t *testing.T) {
	f := newFixture(t)
	x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(shortRecords(3000, 90, 1))))
	for _, r := range []Range{{0, x.Len() + 1, 1}, {-1, 5, 1}, {0, 5, 0}, {x.Len(), x.Len() + 1, 1}} {
		for e, err := range x.Entries(r) {
			if e != nil && err == nil {
				continue
			}
			if !errors.Is(err, ErrRange) {
				t.Errorf("%v: %v", r, err)
			}
		}
	}
	if _, err := x.At(x.Len()); !errors.Is(err, ErrRange) {
		t.Error(err)
	}
	if _, err := x.At(-1); !errors.Is(err, ErrRange) {
		t.Error(err)
	}
	x.Close()
	if _, err := x.At(0); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestReadersBesideEachOther(t *testing.T) {
	x, model := manyPages(t)
	var group sync.WaitGroup
	for rank := range 4 {
		group.Go(func() {
			position := int64(rank)
			for e, err := range x.Entries(Share(x.Len(), rank, 4)) {
				if err != nil {
					t.Error(err)
					return
				}
				if err := diff(e, model[position]); err != nil {
					t.Error(err)
					return
				}
				position += 4
			}
		})
	}
	group.Wait()
}

func TestReadingAllocatesNothingPerRecord(t *testing.T) {
	x, _ := manyPages(t)
	var sum int64
	read := func(r Range) float64 {
		return testing.AllocsPerRun(3, func() {
			for e, err := range x.Entries(r) {
				if err != nil {
					t.Fatal(err)
				}
				sum += e.Length
			}
		})
	}
	// 20 pages more and 20480 records more, and not one allocation each.
	if few, many := read(Range{0, 8 * pageEntries, 1}), read(Range{0, 28 * pageEntries, 1}); many-few > 10 {
		t.Errorf("%v allocations for 8 pages, %v for 28", few, many)
	}
	if sum == 0 {
		t.Error("nothing was read")
	}
}

func TestReplacedIndexKeepsItsReaders(t *testing.T) {
	f := newFixture(t)
	old, fresh := shortRecords(3000, 50, 1), shortRecords(5000, 70, 2)
	path := f.write("a.fa", fastaText(old))
	x, _ := f.ensure(Options{}, path)
	f.write("a.fa", fastaText(fresh))
	y, outcome := f.ensure(Options{}, path)
	if outcome != Created {
		t.Error(outcome)
	}
	compare(t, x, modelOf(old))
	compare(t, y, modelOf(fresh))
}

// TestEntriesLeadToTheirRecords reads every record of the shares through mapped files by what its entry says.
func TestEntriesLeadToTheirRecords(t *testing.T) {
	f := newFixture(t)
	lists := [][]testRecord{someRecords(400, 1), {
		{header: "crlf", lines: []string{"MKV", "", "LA"}, eol: "\r\n"}, {header: "none", eol: "\n"}, {header: "> x", lines: []string{"M>K"}, eol: "\n"},
	}}
	x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(lists[0])), f.write("b.fa", fastaText(lists[1])))
	var files []*mapped.File
	for _, info := range x.Files() {
		file, err := mapped.Open(info.Path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if file.Stamp() != info.Stamp {
			t.Errorf("%s is %v, recorded %v", info.Path, file.Stamp(), info.Stamp)
		}
		files = append(files, file)
	}
	records := slices.Concat(lists...)
	var seen int
	for rank := range 3 {
		previous := x.Longest()
		for e, err := range x.Entries(Share(x.Len(), rank, 3)) {
			if err != nil {
				t.Fatal(err)
			}
			var scratch []byte
			text, err := files[e.File].View(e.Offset, e.BodyEnd, &scratch)
			if err != nil {
				t.Fatal(err)
			}
			want := records[e.Ordinal]
			header, body := text[:e.BodyOffset-e.Offset], text[e.BodyOffset-e.Offset:]
			if string(header) != ">"+want.header+want.eol {
				t.Errorf("ordinal %d: header %q", e.Ordinal, header)
			}
			residues := string(mmapfasta.AppendResidues(nil, body))
			if residues != strings.Join(want.lines, "") || int64(len(residues)) != e.Length {
				t.Errorf("ordinal %d: residues %q", e.Ordinal, residues)
			}
			if e.Length > previous {
				t.Errorf("%d residues after %d", e.Length, previous)
			}
			previous = e.Length
			seen++
		}
	}
	if seen != len(records) {
		t.Errorf("%d of %d records", seen, len(records))
	}
}
