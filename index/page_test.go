package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// anyEntries draws entries with values of any size that may stand in a page.
func anyEntries(t *rapid.T) []Entry {
	value := rapid.OneOf(rapid.Int64Range(0, 3), rapid.Int64Range(0, 1<<33), rapid.Int64Range(0, maxValue))
	entries := make([]Entry, rapid.IntRange(1, 40).Draw(t, "count"))
	first := rapid.Int64Range(0, maxValue).Draw(t, "first position")
	for i := range entries {
		e := Entry{
			Position: first + int64(i), Ordinal: value.Draw(t, "ordinal"), File: rapid.IntRange(0, 1<<31-1).Draw(t, "file"),
			ID:     rapid.SliceOfN(rapid.Byte(), 0, 30).Draw(t, "id"),
			Offset: value.Draw(t, "offset"), Length: value.Draw(t, "length"), LineResidues: value.Draw(t, "line residues"),
		}
		e.BodyOffset = e.Offset + value.Draw(t, "header")
		e.BodyEnd = e.BodyOffset + e.Length + value.Draw(t, "blanks")
		e.LineBytes = e.LineResidues + value.Draw(t, "line extra")
		entries[i] = e
	}
	return entries
}

// appendEntries appends the page of entries.
func appendEntries(dst []byte, entries []Entry) []byte {
	var r rows
	for _, e := range entries {
		r.add(&[columnCount]uint64{
			uint64(e.Length), uint64(e.File), uint64(e.Ordinal), uint64(e.Offset), uint64(e.BodyOffset - e.Offset),
			uint64(e.BodyEnd - e.BodyOffset - e.Length), uint64(e.LineResidues), uint64(e.LineBytes - e.LineResidues), uint64(len(e.ID)),
		}, e.ID)
	}
	return r.appendPage(dst, r.key(entries[0].Position))
}

// readEvery reads all entries.
func (p *page) readEvery() error {
	var e Entry
	for i := range p.count {
		if err := p.entry(i, &e); err != nil {
			return err
		}
	}
	return nil
}

func TestPageHoldsAnyEntries(t *testing.T) {
	var p page // reused, as by a reader
	rapid.Check(t, func(t *rapid.T) {
		entries := anyEntries(t)
		value := appendEntries(nil, entries)
		key := pageKey(entries[0].Length, entries[0].Position)
		if err := p.decode(key[:], value); err != nil {
			t.Fatal(err)
		}
		if p.count != int64(len(entries)) || p.first != entries[0].Position {
			t.Fatalf("%d entries from %d on", p.count, p.first)
		}
		same := func(i int) {
			var e Entry
			if err := p.entry(int64(i), &e); err != nil {
				t.Fatal(err)
			}
			if !sameEntry(&e, &entries[i]) {
				t.Fatalf("entry %d is %+v, not %+v", i, e, entries[i])
			}
		}
		for i := range entries {
			same(i)
		}
		for range entries {
			same(rapid.IntRange(0, len(entries)-1).Draw(t, "entry"))
		}
		var all rows
		if err := p.readAll(&all); err != nil {
			t.Fatal(err)
		}
		if again := all.appendPage(nil, key); !bytes.Equal(again, value) {
			t.Fatalf("%x is read and written as %x", value, again)
		}
	})
}

func TestKeysSortLongestFirst(t *testing.T) {
	value := rapid.Int64Range(0, maxValue)
	rapid.Check(t, func(t *rapid.T) {
		longer, shorter := value.Draw(t, "length"), value.Draw(t, "length")
		longer, shorter = max(longer, shorter), min(longer, shorter)
		a, b := pageKey(longer, 5), pageKey(shorter, 6)
		if bytes.Compare(a[:], b[:]) >= 0 {
			t.Fatalf("%x does not sort before %x", a, b)
		}
		if length, position, ok := splitKey(a[:]); !ok || length != longer || position != 5 {
			t.Fatalf("%x gives %d, %d", a, length, position)
		}
	})
}

func smallPage() (key [keySize]byte, value []byte) {
	entries := []Entry{
		{Position: 7, Ordinal: 300, ID: []byte("sp|P1|A"), Offset: 70000, BodyOffset: 70020, BodyEnd: 70331, Length: 300, LineResidues: 60, LineBytes: 61},
		{Position: 8, Ordinal: 2, ID: nil, Offset: 0, BodyOffset: 2, BodyEnd: 12, Length: 9},
	}
	return pageKey(300, 7), appendEntries(nil, entries)
}

func TestPageNoticesEveryFlippedBit(t *testing.T) {
	key, value := smallPage()
	whole := append(key[:], value...)
	for bit := range 8 * len(whole) {
		damaged := bytes.Clone(whole)
		damaged[bit/8] ^= 1 << (bit % 8)
		var p page
		if p.decode(damaged[:keySize], damaged[keySize:]) == nil && p.readEvery() == nil {
			t.Fatalf("bit %d of byte %d", bit%8, bit/8)
		}
	}
	for size := range value {
		var p page
		if p.decode(key[:], value[:size]) == nil && p.readEvery() == nil {
			t.Fatalf("cut to %d bytes", size)
		}
	}
	var p page
	if p.decode(key[:], append(bytes.Clone(value), 0)) == nil && p.readEvery() == nil {
		t.Fatal("a byte behind the last entry")
	}
}

// TestPageNoticesEntriesInOtherPlaces: each has its own checksum, which must not hold in another's place.
func TestPageNoticesEntriesInOtherPlaces(t *testing.T) {
	var entries []Entry
	for i := range int64(2) {
		entries = append(entries, Entry{Position: i, Ordinal: i, ID: []byte{'a' + byte(i)}, Offset: 10 * i, BodyOffset: 10*i + 3, BodyEnd: 10*i + 10, Length: 6})
	}
	key, value := pageKey(6, 0), appendEntries(nil, entries)
	var p page
	if err := p.decode(key[:], value); err != nil {
		t.Fatal(err)
	}
	start, end := p.span(0)
	swapped := slices.Concat(value[:start], value[end:], value[start:end])
	first, second := swapped[pageTableAt:][:checksumSize], swapped[pageTableAt+p.tableRow:][:checksumSize]
	for i := range first {
		first[i], second[i] = second[i], first[i]
	}
	if err := p.decode(key[:], swapped); err != nil {
		t.Fatal(err)
	}
	for i := range p.count {
		if err := p.entry(i, &Entry{}); !errors.Is(err, errPageCRC) {
			t.Errorf("entry %d: %v", i, err)
		}
	}
}

// TestPageKeepsWhatWasReadUntilForgotten: entries handed out together do not lie in each other's memory.
func TestPageKeepsWhatWasReadUntilForgotten(t *testing.T) {
	var entries []Entry
	for i := range 40 {
		entries = append(entries, Entry{Position: int64(i), ID: bytes.Repeat([]byte{'a' + byte(i)}, 1<<(i%14)), BodyEnd: 1, Length: 1})
	}
	key, value := pageKey(1, 0), appendEntries(nil, entries)
	var p page
	if err := p.decode(key[:], value); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		p.forget()
		read := make([]Entry, len(entries))
		for i := range read {
			if err := p.entry(int64(i), &read[i]); err != nil {
				t.Fatal(err)
			}
		}
		for i := range read {
			if !bytes.Equal(read[i].ID, entries[i].ID) {
				t.Errorf("id %d is %.20q, not %.20q", i, read[i].ID, entries[i].ID)
			}
		}
	}
}

func TestPageErrorsAreNamed(t *testing.T) {
	for name, test := range map[string]struct {
		change func(key, value []byte)
		want   error
	}{
		"version":          {func(_, value []byte) { value[4] = 1 }, errPageVersion},
		"columns":          {func(_, value []byte) { value[6]++ }, errPageShape},
		"no entries":       {func(_, value []byte) { clear(value[8:12]) }, errPageShape},
		"width":            {func(_, value []byte) { value[pageHeaderSize+8] = 9 }, errPageShape},
		"width of ends":    {func(_, value []byte) { value[12] = maxEndWidth + 1 }, errPageShape},
		"ends that fall":   {func(_, value []byte) { value[pageTableAt+checksumSize] = 200 }, errPageShape},
		"more than it has": {func(_, value []byte) { value[8] = 200 }, errPageShort},
		"other length":     {func(key, _ []byte) { key[7] ^= 1 }, errPageKey},
	} {
		key, value := smallPage()
		test.change(key[:], value)
		forge(key[:], value)
		var p page
		err := p.decode(key[:], value)
		if err == nil {
			err = p.readEvery()
		}
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// forge gives a damaged page right checksums, so that what is behind them is reached.
func forge(key, value []byte) {
	if len(value) < pageTableAt {
		return
	}
	binary.LittleEndian.PutUint32(value, headCRC(key, value))
	var p page
	if p.decode(key, value) != nil {
		return
	}
	for i := range p.count {
		if start, end := p.span(i); start >= 0 && start <= end && end <= int64(len(value)) {
			binary.LittleEndian.PutUint32(value[pageTableAt+i*p.tableRow:], entryCRC(i, value[start:end]))
		}
	}
}

// FuzzPage gives any bytes right checksums: each entry reads as an error or as one that lies inside its page.
func FuzzPage(f *testing.F) {
	key, value := smallPage()
	f.Add(key[:], value)
	f.Add(key[:], value[:pageTableAt])
	f.Add(key[:3], value[:3])
	wide := bytes.Clone(value)
	for i := range storedColumns {
		wide[pageHeaderSize+i*columnHead+8] = 8
	}
	f.Add(key[:], append(wide, make([]byte, 200)...))
	f.Fuzz(func(t *testing.T, key, value []byte) {
		value = bytes.Clone(value)
		forge(key, value)
		var p page
		if p.decode(key, value) != nil {
			return
		}
		for i := range min(p.count, 5000) {
			var e Entry
			if p.entry(i, &e) != nil {
				continue
			}
			if e.Length < 0 || e.Offset < 0 || e.BodyOffset < e.Offset || e.BodyEnd < e.BodyOffset+e.Length ||
				e.Ordinal < 0 || e.File < 0 || e.LineBytes < e.LineResidues || e.LineResidues < 0 {
				t.Fatalf("entry %d: %+v", i, e)
			}
		}
		var all rows
		p.readAll(&all)
	})
}
