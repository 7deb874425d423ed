package infer

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"longfirst/index"
	"longfirst/mmapfasta/mapped"
)

// Sources reads the records an index points at from the mapped FASTA files. Files are mapped when first needed.
// It is not safe for concurrent use.
type Sources struct {
	index *index.Index
	files []index.FileInfo
	open  []*mapped.File // by file number; nil until needed
	live  []*mapped.File // the opened ones

	ahead, current window
	readahead      readahead
	touched        byte // a sum of what touch loads, which therefore is loaded
}

// Record is a record of the FASTA files as the index describes it. Header and Body are views of the mapped file: Header
// is the line from '>' on, Body everything after it with its line ends. All of it is valid during the call that gets it.
type Record struct {
	index.Entry
	Header []byte
	Body   []byte

	headerScratch, bodyScratch []byte // read into only where the platform does not map files
}

// window is a run of entries copied out of the index, so that the kernel can be told of them before they are read.
type window struct {
	entries []index.Entry
	ids     []byte
}

// windowEntries is how many entries are announced to the kernel at a time.
const windowEntries = 256

// NewSources prepares to read the files of an index.
func NewSources(x *index.Index) *Sources {
	files := x.Files()
	return &Sources{index: x, files: files, open: make([]*mapped.File, len(files))}
}

// Each calls fn with the records of r in index order. A file that was truncated while mapped ends it with an error that
// wraps mapped.ErrTruncated, also when the truncation is met inside fn.
func (s *Sources) Each(ctx context.Context, r index.Range, fn func(*Record) error) error {
	return s.EachOf(ctx, s.index.Entries(r), fn)
}

// EachOf is Each for the records of any entries of the index, in their order.
func (s *Sources) EachOf(ctx context.Context, entries iter.Seq2[*index.Entry, error], fn func(*Record) error) error {
	var record Record
	drain := func() error {
		for i := range s.current.entries {
			if i%touchEntries == 0 {
				s.touch(s.current.entries[i:min(i+touchEntries, len(s.current.entries))])
			}
			record.Entry = s.current.entries[i]
			if err := s.view(&record); err != nil {
				return err
			}
			if err := fn(&record); err != nil {
				return err
			}
		}
		return nil
	}
	s.ahead.reset()
	s.current.reset() // a call that failed may have left entries
	for e, err := range entries {
		if err != nil {
			return err
		}
		s.ahead.add(e)
		if len(s.ahead.entries) < windowEntries {
			continue
		}
		if err := s.advance(ctx, drain); err != nil {
			return err
		}
	}
	for range 2 {
		if err := s.advance(ctx, drain); err != nil {
			return err
		}
	}
	return nil
}

// advance announces the window ahead, reads the current one while the kernel fetches that, and makes it the current one.
func (s *Sources) advance(ctx context.Context, drain func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.announce(ctx); err != nil {
		return err
	}
	if err := mapped.Guard(drain, s.live...); err != nil {
		return err
	}
	s.current, s.ahead = s.ahead, s.current
	s.ahead.reset()
	return nil
}

func (w *window) reset() { w.entries, w.ids = w.entries[:0], w.ids[:0] }

func (w *window) add(e *index.Entry) {
	begin := len(w.ids)
	w.ids = append(w.ids, e.ID...) // a grown buffer leaves earlier ids where they were, still valid
	c := *e
	c.ID = w.ids[begin:len(w.ids):len(w.ids)]
	w.entries = append(w.entries, c)
}

// announce maps the files of the window ahead and tells the kernel of its records.
func (s *Sources) announce(ctx context.Context) error {
	if len(s.ahead.entries) == 0 {
		return nil
	}
	for i := range s.ahead.entries {
		if file := s.ahead.entries[i].File; s.open[file] == nil {
			if err := s.map1(ctx, file); err != nil {
				return err
			}
		}
	}
	s.readahead.announce(s.ahead.entries, s.open)
	return nil
}

// map1 maps the text of file number n, which is the one that was indexed.
func (s *Sources) map1(ctx context.Context, n int) error {
	f, err := s.index.OpenText(ctx, n)
	if errors.Is(err, index.ErrMismatch) {
		err = fmt.Errorf("%s: %w: %w", s.files[n].Path, ErrNotIndexed, err)
	}
	if err != nil {
		return err
	}
	f.RandomAccess()
	s.open[n] = f
	s.live = append(s.live, f)
	return nil
}

const (
	touchEntries = 16
	touchBytes   = 1024 // of each; a processor foresees the rest by itself
	lineBytes    = 64   // of its cache
)

// touch loads the records of entries into the processor's cache. In length order every record is somewhere else in
// memory: waiting for many lines at once takes two thirds of the time of waiting for one after the other.
func (s *Sources) touch(entries []index.Entry) {
	touched := s.touched
	for i := range entries {
		e := &entries[i]
		f := s.open[e.File]
		if !f.Mapped() {
			continue
		}
		view, err := f.View(e.Offset, min(e.BodyEnd, e.Offset+touchBytes), nil)
		if err != nil {
			return // as View will say again
		}
		for at := 0; at < len(view); at += lineBytes {
			touched += view[at]
		}
	}
	s.touched = touched
}

func (s *Sources) view(r *Record) (err error) {
	f := s.open[r.File]
	if r.Header, err = f.View(r.Offset, r.BodyOffset, &r.headerScratch); err != nil {
		return err
	}
	r.Body, err = f.View(r.BodyOffset, r.BodyEnd, &r.bodyScratch)
	return err
}

// Path returns the path of a file number.
func (s *Sources) Path(file int) string { return s.files[file].Path }

// Unchanged checks that the files read so far are still the ones that were indexed. A file truncated inside its last
// page reads as zeros without a fault, and one rewritten in place reads as the new bytes, so this is asked before
// anything computed from them is published.
func (s *Sources) Unchanged() error {
	for _, f := range s.live {
		if err := f.Unchanged(); err != nil {
			return err
		}
	}
	return nil
}

// Close unmaps the files.
func (s *Sources) Close() error {
	var errs []error
	for _, f := range s.live {
		errs = append(errs, f.Close())
	}
	s.live = nil
	return errors.Join(errs...)
}
