package index

import (
	"context"
	"math"
)

// fillNames makes the pages of the bucket names from all entries of x.
func fillNames(ctx context.Context, x *Index, r resources, put putFunc) ([]byte, error) {
	var spilled *spill
	defer func() { spilled.close() }()
	sorter := newNameSorter(r.memory/4, x.Len(), func() (_ *spill, err error) {
		if spilled == nil {
			if spilled, err = newSpill(r.spill); err == nil {
				err = spilled.reserve((nameSize + 1) * x.Len())
			}
		}
		return spilled, err
	})
	if err := x.eachName(ctx, sorter.add); err != nil {
		return nil, err
	}
	w := &nameWriter{width: positionWidth(x.Len()), put: put}
	if err := sorter.each(w.add); err != nil {
		return nil, err
	}
	return nil, w.finish()
}

// eachName calls take for every record in index order.
func (x *Index) eachName(ctx context.Context, take func(name) error) error {
	reader, err := x.newPageReader()
	if err != nil {
		return err
	}
	var page rows
	for position := int64(0); position < x.Len(); position += pageEntries {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := reader.readPage(position, &page); err != nil {
			return err
		}
		ids := page.ids
		for i := range page.count {
			size := page.values[i][columnIDSize]
			if err := take(name{x.hash(ids[:size]), position + int64(i)}); err != nil {
				return err
			}
			ids = ids[size:]
		}
	}
	return nil
}

// nameWriter makes pages of sorted names.
type nameWriter struct {
	width  int
	put    putFunc
	low    uint64
	number int64
	names  []name
	page   []byte
}

func (w *nameWriter) add(n name) error {
	if len(w.names) == namesPerPage(w.width) {
		if err := w.write(w.names[len(w.names)-1].hash); err != nil {
			return err
		}
	}
	w.names = append(w.names, n)
	return nil
}

func (w *nameWriter) write(last uint64) error {
	key := nameKey(last, w.number)
	w.page = appendNamePage(w.page[:0], key, w.low, w.width, w.names)
	w.low, w.names = last, w.names[:0]
	w.number++
	return w.put(key[:], w.page)
}

// finish writes the last page, which an index without records does not have.
func (w *nameWriter) finish() error {
	if len(w.names) == 0 {
		return nil
	}
	return w.write(math.MaxUint64)
}
