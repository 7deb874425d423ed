package index

import (
	"cmp"
	"slices"

	"longfirst/mmapfasta"
)

// run is scanned records in memory, in file order.
type run struct {
	batches []fileBatch
	records int64
	memory  int64 // bytes
}

// fileBatch is a batch with what a file does not know of itself.
type fileBatch struct {
	*mmapfasta.Batch
	file    uint64
	ordinal uint64 // in the file, of the batch's first record
}

// refSize is the bytes that sorting takes per record.
const refSize = 8

func (r *run) add(b *mmapfasta.Batch, file int, ordinal int64) {
	r.batches = append(r.batches, fileBatch{b, uint64(file), uint64(ordinal)})
	r.records += int64(b.Len())
	r.memory += b.Bytes() + refSize*int64(b.Len())
}

// ref names a record of a run: its batch and its number in the batch.
type ref uint64

func (p ref) split() (batch, number int) { return int(p >> 32), int(uint32(p)) }

// shortLength bounds the lengths that are sorted by counting: nearly all proteins'. Longer records are few where files
// are of a size that can be kept, and compared with each other.
const shortLength = 1 << 16

// sorted returns refs to all records, length descending, then in file order.
func (r *run) sorted() []ref {
	var next [shortLength]int64 // per length, where the next record of it goes
	var long []ref
	for b := range r.batches {
		for i := range r.batches[b].Spans {
			if length := r.batches[b].Spans[i].Length; length < shortLength {
				next[length]++
			} else {
				long = append(long, ref(b<<32|i))
			}
		}
	}
	length := func(p ref) int64 {
		batch, number := p.split()
		return r.batches[batch].Spans[number].Length
	}
	slices.SortStableFunc(long, func(a, b ref) int { return cmp.Compare(length(b), length(a)) })
	order := make([]ref, r.records)
	start := int64(copy(order, long))
	for length := shortLength - 1; length >= 0; length-- {
		count := next[length]
		next[length] = start
		start += count
	}
	for b := range r.batches {
		for i := range r.batches[b].Spans {
			if length := r.batches[b].Spans[i].Length; length < shortLength {
				order[next[length]] = ref(b<<32 | i)
				next[length]++
			}
		}
	}
	return order
}

// runStream gives the records of a run in index order.
type runStream struct {
	run   *run
	order []ref // those not given yet
	rows  rows
}

func (r *run) stream() *runStream { return &runStream{run: r, order: r.sorted()} }

func (s *runStream) block() (*rows, error) {
	if len(s.order) == 0 {
		return nil, nil
	}
	size := min(pageEntries, len(s.order))
	s.run.read(s.order[:size], &s.rows)
	s.order = s.order[size:]
	return &s.rows, nil
}

// read sets rows to the records of refs, a page at most. The records lie anywhere in memory: each loop waits for one cache
// line of many records at once.
func (r *run) read(refs []ref, rows *rows) {
	rows.reset()
	rows.count = len(refs)
	for i, p := range refs {
		batch, number := p.split()
		b := &r.batches[batch]
		span := &b.Spans[number]
		v := &rows.values[i]
		v[columnLength] = uint64(span.Length)
		v[columnFile] = b.file
		v[columnOrdinal] = b.ordinal + uint64(number)
		v[columnOffset] = uint64(span.Offset)
		v[columnHeader] = uint64(span.BodyOffset - span.Offset)
		v[columnBlanks] = uint64(span.BodyEnd - span.BodyOffset - span.Length)
		v[columnLineResidues] = uint64(span.LineResidues)
		v[columnLineExtra] = uint64(span.LineBytes - span.LineResidues)
	}
	var ids [pageEntries][]byte
	for i, p := range refs {
		batch, number := p.split()
		ids[i] = r.batches[batch].ID(number)
		rows.values[i][columnIDSize] = uint64(len(ids[i]))
	}
	for i := range refs {
		rows.ids = append(rows.ids, ids[i]...)
	}
}

// pages makes the pages of the run from its sorted refs, on any number of threads.
func (r *run) pages(threads int) pageSource {
	order := r.sorted()
	fill := func(b *pageBatch, first, end int64) error {
		for page := first; page < end; page++ {
			position := page * pageEntries
			r.read(order[position:min(position+pageEntries, int64(len(order)))], &b.rows)
			b.hashes = b.rows.appendHashes(b.hashes)
			b.add(&b.rows, position)
		}
		return nil
	}
	return pageSource{pages: pagesOf(r.records), threads: threads, fill: fill}
}
