package index

import (
	"bytes"
	"context"
	"fmt"

	"longfirst/mmapfasta/mapped"
)

// Check compares the whole index with its FASTA files, which it reads again: that they have the recorded size, time and
// content; every page and every entry, in order; the totals, the digest, and that a '>' stands at every offset.
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
	want, err := collect(ctx, list, nil)
	if err != nil {
		return err
	}
	if err := x.checkFacts(want); err != nil {
		return err
	}
	if err := x.checkEntries(ctx, want); err != nil {
		return err
	}
	return x.checkPages()
}

func (x *Index) mismatch(format string, args ...any) error {
	return fmt.Errorf("%s: %w: %s; build it again with longfirst index", x.path, ErrMismatch, fmt.Sprintf(format, args...))
}

func (x *Index) checkFacts(want *collection) error {
	for i, file := range want.files {
		if x.files[i] != file {
			return x.mismatch("%s holds %d records, %d residues, hash %x, not %d, %d, %x", file.Path, file.Records,
				file.Residues, file.Hash, x.files[i].Records, x.files[i].Residues, x.files[i].Hash)
		}
	}
	have, expected := x.facts, want.facts
	have.builder, have.created, have.digest = expected.builder, expected.created, expected.digest
	if have != expected {
		return x.mismatch("totals are %+v, not %+v", expected, have)
	}
	return nil
}

func (x *Index) checkEntries(ctx context.Context, want *collection) error {
	files := make([]*mapped.File, len(x.files))
	for i, file := range x.files {
		var err error
		if files[i], err = mapped.Open(file.Path); err != nil {
			return err
		}
		defer files[i].Close()
	}
	return mapped.Guard(func() error {
		var scratch []byte
		for group := range want.sorted() {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			begin := group[0].Position
			i := 0
			for have, err := range x.Entries(Range{Start: begin, Stop: begin + int64(len(group)), Step: 1}) {
				if err != nil {
					return err
				}
				expected := &group[i]
				expected.Ordinal += x.files[expected.File].FirstOrdinal
				if !sameEntry(have, expected) {
					return x.mismatch("position %d is %+v, not %+v", have.Position, *expected, *have)
				}
				start, err := files[have.File].View(have.Offset, have.Offset+1, &scratch)
				if err != nil {
					return err
				}
				if start[0] != '>' {
					return x.mismatch("position %d: %s has %q at byte %d, not '>'", have.Position, files[have.File].Path(), start, have.Offset)
				}
				i++
			}
		}
		return nil
	}, files...)
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
	for page, err := range x.storedPages() {
		if err != nil {
			return err
		}
		sum.page(page.value)
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
