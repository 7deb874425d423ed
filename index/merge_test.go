package index

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func sortEntries(entries [][columnCount]uint64) {
	slices.SortStableFunc(entries, func(a, b [columnCount]uint64) int { return cmp.Compare(b[columnLength], a[columnLength]) })
}

// streamOf gives entries sorted, in blocks, with ids made of a letter for their file.
func streamOf(entries [][columnCount]uint64) stream {
	sorted := slices.Clone(entries)
	sortEntries(sorted)
	s := &fixedStream{}
	for chunk := range slices.Chunk(sorted, pageEntries) {
		var r rows
		for i := range chunk {
			r.add(&chunk[i], []byte(strings.Repeat(string(rune('a'+chunk[i][columnFile])), int(chunk[i][columnIDSize]))))
		}
		s.blocks = append(s.blocks, &r)
	}
	return s
}

// TestMergeIsAStableSort compares merging streams of random entries with sorting them.
func TestMergeIsAStableSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(0, 5).Draw(t, "streams")
		var want [][columnCount]uint64
		streams := make([]stream, count)
		for i := range streams {
			var entries [][columnCount]uint64
			for ordinal := range rapid.IntRange(0, 3000).Draw(t, "entries") {
				entries = append(entries, [columnCount]uint64{
					columnLength: uint64(ordinal * 7919 % 5), columnFile: uint64(i), columnOrdinal: uint64(ordinal), columnIDSize: uint64(ordinal % 3),
				})
			}
			want = append(want, entries...)
			streams[i] = streamOf(entries)
		}
		sortEntries(want)
		merged := merge(streams)
		at := 0
		for {
			block, err := merged.block()
			if err != nil {
				t.Fatal(err)
			}
			if block == nil {
				break
			}
			if block.count != pageEntries && at+block.count != len(want) {
				t.Fatalf("a block of %d entries at %d of %d", block.count, at, len(want))
			}
			ids := 0
			for i := range block.count {
				if block.values[i] != want[at] {
					t.Fatalf("entry %d is %v, not %v", at, block.values[i], want[at])
				}
				size := int(want[at][columnIDSize])
				if string(block.ids[ids:ids+size]) != strings.Repeat(string(rune('a'+want[at][columnFile])), size) {
					t.Fatalf("entry %d has id %q", at, block.ids[ids:ids+size])
				}
				ids += size
				at++
			}
		}
		if at != len(want) {
			t.Fatalf("%d entries of %d", at, len(want))
		}
	})
}
