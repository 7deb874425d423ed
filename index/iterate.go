package index

import (
	"bytes"
	"fmt"
	"iter"
)

// Entries yields the entries of the range in its order, longest first, reading them through a cursor page by page. The
// entry and its id are valid until the next one is yielded. Nothing is allocated per record.
//
// An error, ErrRange or ErrCorrupt, comes with a nil entry and ends the iteration.
func (x *Index) Entries(r Range) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		var window [windowEntries]Entry
		err := x.visit(r, func(pages *pageReader, slot int, position int64) error {
			return pages.entry(position, &window[slot])
		}, func(slot int) bool { return yield(&window[slot], nil) })
		if err != nil {
			yield(nil, err)
		}
	}
}

// Lengths yields the lengths, in residues, of the range's records in its order. It reads one column of each page and is
// cheaper than Entries, with which it shares its errors.
func (x *Index) Lengths(r Range) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		var window [windowEntries]int64
		err := x.visit(r, func(pages *pageReader, slot int, position int64) (err error) {
			window[slot], err = pages.length(position)
			return err
		}, func(slot int) bool { return yield(window[slot], nil) })
		if err != nil {
			yield(0, err)
		}
	}
}

// At returns the entry at a position, 0 <= position < Len. Its id is the caller's.
func (x *Index) At(position int64) (Entry, error) {
	var e Entry
	err := x.visit(Range{Start: position, Stop: position + 1, Step: 1}, func(pages *pageReader, _ int, position int64) error {
		return pages.entry(position, &e)
	}, func(int) bool { return true })
	if err != nil {
		return Entry{}, err
	}
	e.ID = bytes.Clone(e.ID)
	return e, nil
}

// windowEntries is how many entries are read at a time, at most, before they are handed out one by one: bbolt may be
// called under guard only, and what is handed to callers only outside of it.
const windowEntries = 32

// sparseStep is from where on the processor does not see by itself which entries come next.
const sparseStep = 4

// visit goes through the positions of the range by windows, each within a page. It calls read for each position of a
// window, with the page loaded, and then each for every slot of the window that was read, until that returns false.
func (x *Index) visit(r Range, read func(pages *pageReader, slot int, position int64) error, each func(slot int) bool) error {
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
	for item := int64(0); item < items; {
		position := r.Start + item*r.Step
		inPage := (pageEntries-1-position%pageEntries)/r.Step + 1
		size := int(min(windowEntries, inPage, items-item))
		slots := 0
		err := guard(x.path, func() error {
			if err := pages.load(position); err != nil {
				return err
			}
			pages.page.forget()
			if size > 1 && r.Step >= sparseStep {
				pages.page.ahead(position-pages.page.first, r.Step, size)
			}
			for ; slots < size; slots++ {
				if err := read(pages, slots, position+int64(slots)*r.Step); err != nil {
					return err
				}
			}
			return nil
		})
		for slot := range slots {
			if !each(slot) {
				return nil
			}
		}
		if err != nil {
			return err
		}
		item += int64(size)
	}
	return nil
}

// pagesAsStored gives all pages, each checked, for writing them again. They are encoded anew and not copied: what was
// checked is what is written.
func (x *Index) pagesAsStored() pageSource {
	var reader *pageReader
	fill := func(b *pageBatch, first, end int64) (err error) {
		if reader == nil {
			if reader, err = x.newPageReader(); err != nil {
				return err
			}
		}
		for page := first; page < end; page++ {
			if err := reader.readPage(page*pageEntries, &b.rows); err != nil {
				return err
			}
			b.add(&b.rows, page*pageEntries)
		}
		return nil
	}
	return pageSource{pages: x.facts.pages, threads: 1, fill: fill}
}
