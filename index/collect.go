package index

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/zeebo/xxh3"

	"longfirst/mmapfasta"
)

// collection is all that scanning a list of FASTA files gives, held in memory.
type collection struct {
	files    []FileInfo
	recorded []fileFact
	facts    facts
	entries  []Entry // in file order; Ordinal counts in the file, Position is not set
	idBytes  int64

	arena []byte // free memory for ids
	seen  map[xxh3.Uint128]struct{}
}

// progressBytes is how far a scan gets between two reports of its progress.
const progressBytes = 8 << 20

// collect scans the files in order. progress, which may be nil, is told bytes done and bytes in all.
func collect(ctx context.Context, list []source, progress func(done, total int64)) (*collection, error) {
	c := &collection{
		facts: facts{builder: builderName(), created: time.Now().UTC().Truncate(time.Second)},
		seen:  map[xxh3.Uint128]struct{}{},
	}
	var done, total int64
	for _, s := range list {
		total += s.stamp.Size
	}
	for number, s := range list {
		report := func(offset int64) {
			if progress != nil {
				progress(done+offset, total)
			}
		}
		if err := c.scan(ctx, number, s.path, report); err != nil {
			return nil, err
		}
		done += c.files[number].Stamp.Size
		report(0)
	}
	c.facts.pages = pagesOf(c.facts.records)
	return c, nil
}

func (c *collection) scan(ctx context.Context, number int, path string, report func(offset int64)) error {
	began := time.Now()
	var ordinal, reported int64
	sum, err := mmapfasta.Scan(ctx, path, func(r *mmapfasta.Record) error {
		if r.Offset >= reported+progressBytes {
			report(r.Offset)
			reported = r.Offset
		}
		c.add(r, number, ordinal)
		ordinal++
		return nil
	})
	if err != nil {
		return err
	}
	if sum.Records != ordinal {
		return fmt.Errorf("%s: scan handed out %d of %d records", path, ordinal, sum.Records)
	}
	file := FileInfo{
		Path: path, Number: number, Stamp: sum.Stamp, Hash: sum.Hash,
		Records: sum.Records, Residues: sum.Residues, FirstOrdinal: c.facts.records,
	}
	c.files = append(c.files, file)
	c.recorded = append(c.recorded, newFileFact(file, began))
	c.facts.records += sum.Records
	c.facts.residues += sum.Residues
	c.facts.longest = max(c.facts.longest, sum.Longest)
	return nil
}

func (c *collection) add(r *mmapfasta.Record, number int, ordinal int64) {
	id := xxh3.Hash128(r.ID)
	if _, known := c.seen[id]; known {
		c.facts.duplicates++
	} else {
		c.seen[id] = struct{}{}
	}
	c.idBytes += int64(len(r.ID))
	c.entries = append(c.entries, Entry{
		Ordinal: ordinal, File: number, ID: c.keep(r.ID),
		Offset: r.Offset, BodyOffset: r.BodyOffset, BodyEnd: r.BodyEnd, Length: r.Length,
		LineResidues: r.LineResidues, LineBytes: r.LineBytes,
	})
}

// keep copies an id into large pieces of memory, which the garbage collector has few of.
func (c *collection) keep(id []byte) []byte {
	if len(id) > cap(c.arena)-len(c.arena) {
		c.arena = make([]byte, 0, max(1<<20, len(id)))
	}
	start := len(c.arena)
	c.arena = append(c.arena, id...)
	return c.arena[start:len(c.arena):len(c.arena)]
}

// sorted yields the entries in index order, with their positions, in groups of one page. A group is valid until the
// next one.
func (c *collection) sorted() iter.Seq[[]Entry] {
	type place struct{ length, ordinal int64 }
	order := make([]place, len(c.entries))
	for i := range c.entries {
		order[i] = place{c.entries[i].Length, int64(i)}
	}
	slices.SortFunc(order, func(a, b place) int {
		return cmp.Or(cmp.Compare(b.length, a.length), cmp.Compare(a.ordinal, b.ordinal))
	})
	return func(yield func([]Entry) bool) {
		group := make([]Entry, 0, pageEntries)
		for position, p := range order {
			e := c.entries[p.ordinal]
			e.Position = int64(position)
			group = append(group, e)
			if len(group) == pageEntries || position == len(order)-1 {
				if !yield(group) {
					return
				}
				group = group[:0]
			}
		}
	}
}

// pages yields the stored form of the pages in order.
func (c *collection) pages() iter.Seq2[storedPage, error] {
	return func(yield func(storedPage, error) bool) {
		size := 0
		for group := range c.sorted() {
			// bbolt keeps a value until its transaction is committed: each page needs memory of its own.
			value := appendPage(make([]byte, 0, size), group)
			size = len(value) + len(value)/8
			if !yield(storedPage{pageKey(group[0].Length, group[0].Position), value}, nil) {
				return
			}
		}
	}
}

// expectedSize estimates the bytes of the index file, rather more than less.
func (c *collection) expectedSize() int64 { return 64<<10 + c.idBytes + 40*c.facts.records }
