package index

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/zeebo/xxh3"
)

// duplicateCounter counts the records whose id another record before them has: all but the first of each id. Ids are
// compared by 64 bits of hash; among 300 million ids the chance that two different ones count as equal anywhere is one
// in 400.
//
// The hashes are dealt by their highest bits into parts, which are counted one by one, each in a table that fits a
// core's cache where there are few million ids. What does not fit in memory is spilled part by part.
type duplicateCounter struct {
	hashes  []uint64 // of the ids added since the last spill
	limit   int      // of hashes
	spill   func() (*spill, error)
	spilled []spilledHashes
	total   int64
}

// spilledHashes lie in the file from start on, part i ending with hash number ends[i].
type spilledHashes struct {
	start int64
	ends  [hashParts]int64
}

const hashParts = 256

// newDuplicateCounter keeps about memory bytes and spills to the file that spill gives.
func newDuplicateCounter(memory int64, spill func() (*spill, error)) *duplicateCounter {
	return &duplicateCounter{limit: int(max(memory/16, 1<<10)), spill: spill}
}

// expect makes room for so many ids.
func (d *duplicateCounter) expect(ids int64) {
	d.hashes = slices.Grow(d.hashes, int(min(ids, int64(d.limit)))+pageEntries*pagesPerTransaction)
}

// add takes the hashes of further ids.
func (d *duplicateCounter) add(hashes []uint64) error {
	d.hashes = append(d.hashes, hashes...)
	d.total += int64(len(hashes))
	if len(d.hashes) >= d.limit {
		return d.flush()
	}
	return nil
}

// appendHashes appends the hash of every id.
func (r *rows) appendHashes(hashes []uint64) []uint64 {
	ids := r.ids
	for i := range r.count {
		size := r.values[i][columnIDSize]
		hashes = append(hashes, xxh3.Hash(ids[:size]))
		ids = ids[size:]
	}
	return hashes
}

// deal returns the hashes ordered by part.
func (d *duplicateCounter) deal() (dealt []uint64, ends [hashParts]int64) {
	var next [hashParts]int64
	for _, h := range d.hashes {
		ends[h>>56]++
	}
	var sum int64
	for part := range ends {
		next[part] = sum
		sum += ends[part]
		ends[part] = sum
	}
	dealt = make([]uint64, len(d.hashes))
	for _, h := range d.hashes {
		dealt[next[h>>56]] = h
		next[h>>56]++
	}
	return dealt, ends
}

func (d *duplicateCounter) flush() error {
	file, err := d.spill()
	if err != nil {
		return err
	}
	dealt, ends := d.deal()
	d.spilled = append(d.spilled, spilledHashes{file.size, ends})
	buffer := make([]byte, 0, 1<<16)
	for i, h := range dealt {
		buffer = binary.LittleEndian.AppendUint64(buffer, h)
		if len(buffer) == cap(buffer) || i == len(dealt)-1 {
			if err := file.append(buffer); err != nil {
				return err
			}
			buffer = buffer[:0]
		}
	}
	d.hashes = d.hashes[:0]
	return nil
}

// count returns the number of duplicates among all ids added.
func (d *duplicateCounter) count() (int64, error) {
	dealt, ends := d.deal()
	d.hashes = nil
	var distinct, start int64
	var seen hashSet
	for part := range ends {
		size := ends[part] - start
		for _, s := range d.spilled {
			begin, end := s.part(part)
			size += end - begin
		}
		seen.clear(size)
		for _, h := range dealt[start:ends[part]] {
			seen.add(h)
		}
		start = ends[part]
		for _, s := range d.spilled {
			if err := d.read(s, part, seen.add); err != nil {
				return 0, err
			}
		}
		distinct += seen.count
	}
	return d.total - distinct, nil
}

func (s *spilledHashes) part(part int) (begin, end int64) {
	if part > 0 {
		begin = s.ends[part-1]
	}
	return begin, s.ends[part]
}

func (d *duplicateCounter) read(s spilledHashes, part int, each func(uint64)) error {
	file, err := d.spill()
	if err != nil {
		return err
	}
	begin, end := s.part(part)
	buffer := make([]byte, min(1<<16, 8*(end-begin)))
	for begin < end {
		chunk := buffer[:min(int64(len(buffer)), 8*(end-begin))]
		if _, err := file.file.ReadAt(chunk, s.start+8*begin); err != nil {
			return fmt.Errorf("%s: reading back what did not fit in memory: %w; check the disk", file.file.Name(), err)
		}
		for ; len(chunk) > 0; chunk = chunk[8:] {
			each(binary.LittleEndian.Uint64(chunk))
			begin++
		}
	}
	return nil
}

// hashSet is a set of hashes that fits a number of them: open addressing, at most half full.
type hashSet struct {
	table []uint64 // 0 is free
	shift int
	zero  bool // 0 is in the set
	count int64
}

// clear empties the set and makes room for size hashes.
func (s *hashSet) clear(size int64) {
	slots, shift := 1, 64
	for int64(slots) < 2*size {
		slots, shift = 2*slots, shift-1
	}
	if slots > cap(s.table) {
		s.table = make([]uint64, slots)
	}
	s.table = s.table[:slots]
	clear(s.table)
	s.shift, s.zero, s.count = shift, false, 0
}

func (s *hashSet) add(h uint64) {
	if h == 0 {
		if !s.zero {
			s.zero = true
			s.count++
		}
		return
	}
	mask := len(s.table) - 1
	// The highest bits are those of the part and alike.
	for slot := int(h << 8 >> s.shift); ; slot = (slot + 1) & mask {
		switch s.table[slot] {
		case 0:
			s.table[slot] = h
			s.count++
			return
		case h:
			return
		}
	}
}
