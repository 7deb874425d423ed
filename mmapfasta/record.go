// Package mmapfasta finds the records of a FASTA file.
//
// A record starts at a line whose first byte is '>'. Its header is that line; its body is everything up to the next
// record or the end of the file:
//
//	>sp|P12345|NAME a description\n   header: [Offset, BodyOffset)
//	MKTAYIAKQRQISFVKSHFSRQ\n          body:   [BodyOffset, BodyEnd)
//	LEERLGLIEVQ\n
//	>next                             next record's Offset = BodyEnd
//
// All offsets are bytes from the start of the file, all spans are half-open. The spans of a file's records follow each
// other without a gap, from the first '>' to the end of the file.
//
// Whitespace is ASCII: space, tab, line feed, carriage return, vertical tab, form feed. The residues of a record are
// the bytes of its body that are not whitespace, so LF and CRLF line ends, ragged and blank lines, a missing last line
// end and empty bodies are all fine, and a '>' inside a line is a residue. Before the first record a UTF-8 byte order
// mark and blank lines are allowed and belong to no record. A file without records is valid.
//
// Scan refuses what is not FASTA, or not safely so, with a *ParseError: see errors.go.
//
// Building an index scans with Scan; reading records by offset goes through package mapped.
package mmapfasta

// Span is where a record stands and how it is laid out.
type Span struct {
	Offset       int64 // of '>'
	BodyOffset   int64 // first byte after the header's line end, or the file's end
	BodyEnd      int64 // next record's Offset, or the file's end
	Length       int64 // residues
	LineResidues int64 // residues of a line, 0 when the body has no regular layout
	LineBytes    int64 // bytes of a line with its line end, 0 when the body has no regular layout
}

// Record is what Scan finds. It is valid during the call that hands it out only.
type Record struct {
	ID []byte // header up to the first whitespace or Ctrl-A; the decimal Offset where that is empty
	Span
}

// Batch is a number of records that follow each other in a file. It belongs to whom it is handed. It holds no pointers
// per record, so that the garbage collector has nothing to look at in millions of them.
type Batch struct {
	Spans  []Span
	idEnds []uint32 // where the id of each record ends in ids; it begins where the one before it ends
	ids    []byte
}

// Len returns the number of records.
func (b *Batch) Len() int { return len(b.Spans) }

// ID returns the id of record i, a view of the batch.
func (b *Batch) ID(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = b.idEnds[i-1]
	}
	return b.ids[start:b.idEnds[i]:b.idEnds[i]]
}

// Bytes returns the memory that the batch holds.
func (b *Batch) Bytes() int64 {
	return int64(cap(b.Spans))*spanSize + int64(cap(b.idEnds))*4 + int64(cap(b.ids))
}

// IDBytes returns the size of all ids together.
func (b *Batch) IDBytes() int64 { return int64(len(b.ids)) }

const spanSize = 48

func (b *Batch) add(s Span, id []byte) {
	b.ids = append(b.ids, id...)
	b.idEnds = append(b.idEnds, uint32(len(b.ids)))
	b.Spans = append(b.Spans, s)
}

// compact returns a copy without spare room but for one more record.
func (b *Batch) compact() *Batch {
	return &Batch{
		Spans:  append(make([]Span, 0, len(b.Spans)+1), b.Spans...),
		idEnds: append(make([]uint32, 0, len(b.Spans)+1), b.idEnds...),
		ids:    append(make([]byte, 0, len(b.ids)+32), b.ids...),
	}
}

func (b *Batch) reset() { b.Spans, b.idEnds, b.ids = b.Spans[:0], b.idEnds[:0], b.ids[:0] }
