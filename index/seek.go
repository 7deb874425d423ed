package index

import (
	"fmt"
	"math"

	bolt "go.etcd.io/bbolt"
)

// pageReader holds one page of an index at a time and finds others through a bbolt cursor.
type pageReader struct {
	x      *Index
	cursor *bolt.Cursor
	page   page
	loaded bool
}

func (x *Index) newPageReader() (*pageReader, error) {
	if x.db == nil {
		return nil, fmt.Errorf("%s: %w", x.path, ErrClosed)
	}
	r := &pageReader{x: x}
	err := guard(x.path, func() error {
		r.cursor = x.pages.Cursor()
		return nil
	})
	return r, err
}

// walkPages is the distance in pages up to which stepping the cursor is cheaper than a seek.
const walkPages = 16

// load makes the page that holds position, which lies in the index, the current one. It runs under guard.
func (r *pageReader) load(position int64) (err error) {
	if i := position - r.page.first; r.loaded && uint64(i) < pageEntries {
		return nil
	}
	first := position - position%pageEntries
	steps := (first - r.page.first) / pageEntries
	switch {
	case r.loaded && steps > 0 && steps <= walkPages:
		err = r.walk(first, steps)
	default:
		err = r.seek(first)
	}
	r.loaded = err == nil
	return err
}

func (r *pageReader) walk(first, steps int64) error {
	var key, value []byte
	for ; steps > 0; steps-- {
		key, value = r.cursor.Next()
	}
	return r.take(first, key, value)
}

// seek finds the page whose first position is first. A key is (^length, position) and only the position is known; but
// keys ascend in both parts together, so the length is found by bisection. Let the wanted key be (w, first). A seek to
// (mid, first) finds the first key that is not below it:
//
//   - a key at first is the one wanted;
//   - a key behind first, or none, passed the wanted one: (w, first) < (mid, first), so w < mid;
//   - a key before first has ^length > mid, since with ^length = mid its position would be at least first; and as it
//     stands before the wanted key, its ^length is at most w. It is the new lower end.
//
// So the wanted key stays inside [low, high], which shrinks with every seek, about log2(longest) of them. low is never
// 0, as no length is math.MaxUint64, and middle-1 does not wrap.
func (r *pageReader) seek(first int64) error {
	low, high := ^uint64(r.x.facts.longest), uint64(math.MaxUint64)
	for low <= high {
		middle := low + (high-low)/2
		target := pageKey(int64(^middle), first)
		key, value := r.cursor.Seek(target[:])
		if key == nil {
			high = middle - 1
			continue
		}
		length, position, ok := splitKey(key)
		switch found := ^uint64(length); {
		case !ok:
			return r.corrupt(first, errPageKey)
		case position == first:
			return r.take(first, key, value)
		case position > first:
			high = middle - 1
		case found <= middle:
			return r.corrupt(first, errPageKey)
		default:
			low = found
		}
	}
	return r.corrupt(first, errPageMissing)
}

// take checks the page at the cursor, which must be the one that starts at position first.
func (r *pageReader) take(first int64, key, value []byte) error {
	if int64(len(value)) > r.x.size {
		return r.corrupt(first, errPageShape)
	}
	if err := r.page.decode(key, value); err != nil {
		return r.corrupt(first, err)
	}
	if r.page.first != first || r.page.count != min(pageEntries, r.x.facts.records-first) {
		return r.corrupt(first, errPageMissing)
	}
	return nil
}

// entry reads the entry at a position of the current page. Its id is valid until the page forgets it.
func (r *pageReader) entry(position int64, e *Entry) error {
	if err := r.page.entry(position-r.page.first, e); err != nil {
		return r.corrupt(position, err)
	}
	if e.File >= len(r.x.files) {
		return r.corrupt(position, errPageEntry)
	}
	file := &r.x.files[e.File]
	if e.Ordinal >= file.Records || e.BodyEnd > file.TextSize {
		return r.corrupt(position, errPageEntry)
	}
	e.Ordinal += file.FirstOrdinal
	return nil
}

// readPage reads the entries of the page that begins at position, with the numbers that files have in the index.
func (r *pageReader) readPage(position int64, all *rows) error {
	return guard(r.x.path, func() error {
		if err := r.load(position); err != nil {
			return err
		}
		if err := r.page.readAll(all); err != nil {
			return r.corrupt(position, err)
		}
		return nil
	})
}

func (r *pageReader) length(position int64) (int64, error) {
	length, err := r.page.lengthOf(position - r.page.first)
	if err != nil {
		return 0, r.corrupt(position, err)
	}
	return length, nil
}

func (r *pageReader) corrupt(position int64, err error) error {
	return fmt.Errorf("%s: %w: position %d: %w; remove it and build it again with longfirst index", r.x.path, ErrCorrupt, position, err)
}
