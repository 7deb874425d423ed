package index

import (
	"bytes"
	"fmt"
	"io"
	"iter"
)

// Entries yields the entries of the range in its order, longest first, reading them through a cursor page by page. The
// entry and its id are valid until the next one is yielded. Nothing is allocated per record.
//
// An error, ErrRange or ErrCorrupt, comes with a nil entry and ends the iteration.
func (x *Index) Entries(r Range) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		var e Entry
		err := x.visit(r, func(pages *pageReader, position int64) (bool, error) {
			if err := pages.entry(position, &e); err != nil {
				return false, err
			}
			return yield(&e, nil), nil
		})
		if err != nil {
			yield(nil, err)
		}
	}
}

// Lengths yields the lengths, in residues, of the range's records in its order. It reads one column of each page and is
// cheaper than Entries, with which it shares its errors.
func (x *Index) Lengths(r Range) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		err := x.visit(r, func(pages *pageReader, position int64) (bool, error) {
			length, err := pages.length(position)
			if err != nil {
				return false, err
			}
			return yield(length, nil), nil
		})
		if err != nil {
			yield(0, err)
		}
	}
}

// At returns the entry at a position, 0 <= position < Len. Its id is the caller's.
func (x *Index) At(position int64) (Entry, error) {
	var e Entry
	err := x.visit(Range{Start: position, Stop: position + 1, Step: 1}, func(pages *pageReader, position int64) (bool, error) {
		return false, pages.entry(position, &e)
	})
	if err != nil {
		return Entry{}, err
	}
	e.ID = bytes.Clone(e.ID)
	return e, nil
}

// visit loads the page of each position of the range in turn and calls each, until that returns false or an error.
func (x *Index) visit(r Range, each func(pages *pageReader, position int64) (bool, error)) error {
	if r.Step < 1 || r.Start < 0 {
		return fmt.Errorf("%s: %w: %d to %d by %d", x.path, ErrRange, r.Start, r.Stop, r.Step)
	}
	items := r.Len()
	if items == 0 {
		return nil
	}
	if last := r.last(); last >= x.Len() {
		return fmt.Errorf("%s: %w: %d of %d", x.path, ErrRange, last, x.Len())
	}
	pages, err := x.newPageReader()
	if err != nil {
		return err
	}
	for i := range items {
		position := r.Start + i*r.Step
		if err := pages.load(position); err != nil {
			return err
		}
		if more, err := each(pages, position); err != nil || !more {
			return err
		}
	}
	return nil
}

// pagesAsStored returns a reader of all pages, each checked, for writing them again. See content.
func (x *Index) pagesAsStored() func(dst []byte) (key [keySize]byte, page []byte, err error) {
	var reader *pageReader
	var position int64
	var all rows
	return func(dst []byte) (key [keySize]byte, _ []byte, err error) {
		if reader == nil {
			if reader, err = x.newPageReader(); err != nil {
				return key, dst, err
			}
		}
		if position >= x.Len() {
			return key, dst, io.EOF
		}
		if err = reader.load(position); err == nil {
			err = reader.readAll(&all)
		}
		if err != nil {
			return key, dst, err
		}
		key = pageKey(reader.page.length, position)
		position += reader.page.count
		// Encoded anew and not copied: what was checked is what is written.
		return key, all.appendPage(dst, key), nil
	}
}
