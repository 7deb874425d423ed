package index

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"

	"longfirst/mmapfasta/mapped"
)

// Check compares the whole index with its FASTA files, which it reads again: that they have the recorded size, time and
// content; every page and every entry, in order; the totals, the digest, and that a '>' stands at every offset; and what
// was added on demand.
//
// Errors: ErrMismatch, ErrCorrupt, those of mmapfasta.Scan, fs.ErrNotExist for a missing FASTA file, ctx's cause.
func (x *Index) Check(ctx context.Context) error {
	paths := make([]string, len(x.files))
	for i, file := range x.files {
		paths[i] = file.Path
	}
	list, err := sources(paths)
	if err != nil {
		return err
	}
	for i, s := range list {
		if recorded := x.files[i].Stamp; s.stamp != recorded {
			return x.mismatch("%s is now %s, not %s", s.path, s.stamp, recorded)
		}
	}
	texts, err := x.textsByContent(ctx, list)
	if err != nil {
		return err
	}
	defer texts.release()
	want, err := collect(ctx, list, donation{}, resources{spill: spillPath(x.path, os.TempDir())})
	if err != nil {
		return err
	}
	defer want.close()
	if err := x.checkFiles(want); err != nil {
		return err
	}
	if err := x.checkEntries(ctx, want); err != nil {
		return err
	}
	if err := x.checkFacts(want); err != nil {
		return err
	}
	if err := x.checkPages(); err != nil {
		return err
	}
	for _, e := range x.extensions() {
		if err := x.checkExtension(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

func (x *Index) mismatch(format string, args ...any) error {
	return fmt.Errorf("%s: %w: %s; remove it and build it again with longfirst index", x.path, ErrMismatch, fmt.Sprintf(format, args...))
}

func (x *Index) checkFiles(want *collection) error {
	for i, file := range want.files {
		if x.files[i] != file {
			return x.mismatch("%s holds %d records, %d residues, hash %x, not %d, %d, %x", file.Path, file.Records,
				file.Residues, file.Hash, x.files[i].Records, x.files[i].Residues, x.files[i].Hash)
		}
	}
	return nil
}

// checkFacts compares the totals, when all entries of want have been read.
func (x *Index) checkFacts(want *collection) error {
	expected, err := want.finalFacts()
	if err != nil {
		return err
	}
	have := x.facts
	have.builder, have.created, have.digest = expected.builder, expected.created, expected.digest
	if have != expected {
		return x.mismatch("totals are %+v, not %+v", expected, have)
	}
	return nil
}

func (x *Index) checkEntries(ctx context.Context, want *collection) error {
	if want.facts.records != x.Len() {
		return x.mismatch("the files hold %d records, not %d", want.facts.records, x.Len())
	}
	files := make([]*mapped.File, len(x.files))
	for i := range x.files {
		var err error
		if files[i], err = x.OpenText(ctx, i); err != nil {
			return err
		}
		defer files[i].Close()
	}
	entries, err := want.entries()
	if err != nil {
		return err
	}
	return mapped.Guard(func() error {
		var position int64
		var hashes []uint64
		for {
			block, err := entries.block()
			if block == nil || err != nil {
				return err
			}
			hashes = block.appendHashes(hashes[:0])
			if err := cmp.Or(context.Cause(ctx), want.seen(int64(block.values[0][columnLength]), hashes), x.checkBlock(block, position, files)); err != nil {
				return err
			}
			position += int64(block.count)
		}
	}, files...)
}

// checkBlock compares the entries from position on with those that the files gave.
func (x *Index) checkBlock(block *rows, position int64, files []*mapped.File) error {
	var scratch []byte
	ids := block.ids
	i := 0
	for have, err := range x.Entries(Range{Start: position, Stop: position + int64(block.count), Step: 1}) {
		if err != nil {
			return err
		}
		v := &block.values[i]
		expected := Entry{Position: position + int64(i), ID: ids[:v[columnIDSize]]}
		expected.fill(v)
		expected.Ordinal += x.files[expected.File].FirstOrdinal
		if !sameEntry(have, &expected) {
			return x.mismatch("position %d is %+v, not %+v", have.Position, expected, *have)
		}
		start, err := files[have.File].View(have.Offset, have.Offset+1, &scratch)
		if err != nil {
			return err
		}
		if start[0] != '>' {
			return x.mismatch("position %d: %s has %q at byte %d, not '>'", have.Position, files[have.File].Path(), start, have.Offset)
		}
		ids = ids[v[columnIDSize]:]
		i++
	}
	return nil
}

func sameEntry(a, b *Entry) bool {
	return bytes.Equal(a.ID, b.ID) && a.Position == b.Position && a.Ordinal == b.Ordinal && a.File == b.File &&
		a.Offset == b.Offset && a.BodyOffset == b.BodyOffset && a.BodyEnd == b.BodyEnd && a.Length == b.Length &&
		a.LineResidues == b.LineResidues && a.LineBytes == b.LineBytes
}

// checkPages walks the bucket from end to end, as bbolt has it, for keys that belong to no page of the index, and
// computes the digest.
func (x *Index) checkPages() error {
	sum := newDigester(x.files)
	reader, err := x.newPageReader()
	if err != nil {
		return err
	}
	var all rows
	var page []byte
	for position := int64(0); position < x.Len(); position += pageEntries {
		if err := reader.readPage(position, &all); err != nil {
			return err
		}
		page = all.appendPage(page[:0], all.key(position))
		sum.page(page)
	}
	if digest := sum.digest(); digest != x.facts.digest {
		return x.mismatch("the digest is %s, not %s", digest, x.facts.digest)
	}
	return guard(x.path, func() error {
		var count int64
		var previous []byte
		cursor := x.pages.Cursor()
		for key, _ := cursor.First(); key != nil; key, _ = cursor.Next() {
			if count > 0 && bytes.Compare(previous, key) >= 0 {
				return fmt.Errorf("%s: %w: key %x follows %x", x.path, ErrCorrupt, key, previous)
			}
			previous = append(previous[:0], key...)
			count++
		}
		if count != x.facts.pages {
			return fmt.Errorf("%s: %w: it has %d pages, not %d", x.path, ErrCorrupt, count, x.facts.pages)
		}
		return nil
	})
}
