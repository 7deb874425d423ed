package index

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"iter"
	"math/bits"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// Found is a record that has an id asked for.
type Found struct {
	Number int // of the id, in the list asked for
	Entry
}

// Find yields the records that have the ids, in the order of these; those that share one id in index order. What is
// yielded is valid until the next one. An id that no record has yields nothing.
//
// With names, see AddNames, an id costs about two microseconds among millions; without, all entries are read. A hash only
// leads to an entry: it is the entry's id that is compared.
//
// An error, ErrCorrupt or ctx's cause, comes with nil and ends the iteration.
func (x *Index) Find(ctx context.Context, ids [][]byte) iter.Seq2[*Found, error] {
	return func(yield func(*Found, error) bool) {
		candidates, err := x.candidates(ctx, ids)
		if err != nil {
			yield(nil, err)
			return
		}
		window := findWindow{x: x}
		for part := range slices.Chunk(candidates, findWindowSize) {
			if err := cmp.Or(context.Cause(ctx), window.read(part, ids)); err != nil {
				yield(nil, err)
				return
			}
			for i := range window.found {
				if f := &window.found[i]; f.ID != nil && !yield(f, nil) {
					return
				}
			}
		}
	}
}

// candidate is a record whose id has the hash of an id asked for.
type candidate struct {
	number   int
	position int64
}

// candidates returns the records to be looked at by number, those that have the id among them by position.
func (x *Index) candidates(ctx context.Context, ids [][]byte) ([]candidate, error) {
	queries := make([]name, len(ids)) // the position of a query is its number
	for i, id := range ids {
		queries[i] = name{x.hash(id), int64(i)}
	}
	queries = sortNames(queries, make([]name, len(ids)))
	found := make([]candidate, 0, len(ids))
	head, err := x.extended(x.namesExtension())
	switch {
	case err != nil:
		return nil, err
	case head == nil:
		err = x.scanNames(ctx, queries, &found)
	default:
		err = guard(x.path, func() error { return x.seekNames(queries, head.pages, &found) })
	}
	return byNumber(found, len(ids)), err
}

// byNumber orders candidates by number and leaves those of one number in their order.
func byNumber(found []candidate, numbers int) []candidate {
	next := make([]int, numbers+1)
	for _, c := range found {
		next[c.number+1]++
	}
	for i := range numbers {
		next[i+1] += next[i]
	}
	ordered := make([]candidate, len(found))
	for _, c := range found {
		ordered[next[c.number]] = c
		next[c.number]++
	}
	return ordered
}

var (
	errNamesMissing = errors.New("a page of names is missing")
	errNamesBeyond  = errors.New("a page of names points outside the index")
)

// seekNames looks the queries, in order of their hashes, up in the bucket. It runs under guard.
func (x *Index) seekNames(queries []name, pages int64, found *[]candidate) error {
	if pages == 0 {
		return nil
	}
	e := x.namesExtension()
	r := namesReader{cursor: x.tx.Bucket(e.bucket).Cursor(), pages: pages}
	begin := 0 // of what was found for the query before
	for i, q := range queries {
		if i > 0 && q.hash == queries[i-1].hash { // the same id again, or one with the same hash
			same := (*found)[begin:]
			begin = len(*found)
			for _, c := range same {
				*found = append(*found, candidate{int(q.position), c.position})
			}
			continue
		}
		begin = len(*found)
		if err := r.positions(q.hash, func(position int64) error {
			if position >= x.Len() {
				return errNamesBeyond
			}
			*found = append(*found, candidate{int(q.position), position})
			return nil
		}); err != nil {
			return x.extensionCorrupt(e, err)
		}
	}
	return nil
}

// namesReader holds one page of names at a time.
type namesReader struct {
	cursor *bolt.Cursor
	pages  int64
	page   namePage
	loaded bool
}

// positions calls take with every record that may have a hash.
func (r *namesReader) positions(hash uint64, take func(position int64) error) error {
	if !r.loaded || !r.page.covers(hash) {
		key := nameKey(hash, 0)
		if err := r.load(r.cursor.Seek(key[:])); err != nil {
			return err
		}
		if !r.page.covers(hash) {
			return errNamesMissing
		}
	}
	for {
		first, end, more := r.page.find(hash)
		for i := first; i < end; i++ {
			if err := take(r.page.position(i)); err != nil {
				return err
			}
		}
		before := r.page.number
		if !more || before+1 >= r.pages {
			return nil
		}
		if err := r.load(r.cursor.Next()); err != nil {
			return err
		}
		if r.page.number != before+1 || r.page.low != hash {
			return errNamesMissing
		}
	}
}

func (r *namesReader) load(key, value []byte) error {
	r.loaded = false
	if key == nil {
		return errNamesMissing
	}
	err := r.page.decode(key, value)
	r.loaded = err == nil
	return err
}

// scanNames finds the records of the queries among all entries.
func (x *Index) scanNames(ctx context.Context, queries []name, found *[]candidate) error {
	// One entry in sixteen at most is looked for among the queries: those whose bit is set by one.
	shift := 64 - (bits.Len(uint(len(queries))) + 4)
	sieve := make([]bool, 1<<(64-shift))
	for _, q := range queries {
		sieve[q.hash>>shift] = true
	}
	return x.eachName(ctx, func(n name) error {
		if !sieve[n.hash>>shift] {
			return nil
		}
		i, _ := slices.BinarySearchFunc(queries, n.hash, func(q name, hash uint64) int { return cmp.Compare(q.hash, hash) })
		for ; i < len(queries) && queries[i].hash == n.hash; i++ {
			*found = append(*found, candidate{int(queries[i].position), n.position})
		}
		return nil
	})
}

// findWindowSize is how many candidates are read at a time, in order of position: pages are then read one after the other.
// A position has 48 bits at most: an index of more records would take petabytes.
const findWindowSize = 1 << 16

// findWindow holds the records of some candidates.
type findWindow struct {
	x     *Index
	pages *pageReader
	order []uint64 // per candidate its position and, in the lowest 16 bits, its place
	found []Found  // as the candidates; an ID that is nil is another record's
}

// read fills the window.
func (w *findWindow) read(candidates []candidate, ids [][]byte) (err error) {
	if w.pages == nil {
		if w.pages, err = w.x.newPageReader(); err != nil {
			return err
		}
	}
	w.order, w.found = w.order[:0], slices.Grow(w.found[:0], len(candidates))[:len(candidates)]
	for i, c := range candidates {
		w.order = append(w.order, uint64(c.position)<<16|uint64(i))
	}
	slices.Sort(w.order)
	return guard(w.x.path, func() error {
		for _, o := range w.order {
			c, f := &candidates[o&(findWindowSize-1)], &w.found[o&(findWindowSize-1)]
			if err := w.pages.load(c.position); err != nil {
				return err
			}
			if err := w.pages.entry(c.position, &f.Entry); err != nil {
				return err
			}
			f.Number = c.number
			if id := ids[c.number]; bytes.Equal(f.ID, id) {
				f.ID = id // the page goes on to others
			} else {
				f.ID = nil
			}
		}
		return nil
	})
}
