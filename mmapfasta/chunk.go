package mmapfasta

import (
	"bytes"
	"strconv"
)

// chunk is a cut of a file anywhere, scanned without knowledge of what stands before it but one byte. Chunks are
// scanned side by side; the stitcher then joins them in order.
//
//	lead               the end of a record, a header or a body, that began before the chunk, or of blank lines
//	records            records that begin and end in the chunk
//	tail               the beginning of a record that ends in a later chunk
type chunk struct {
	base     int64  // offset of data in the file
	previous byte   // the byte before data; a line feed at the start of the text
	data     []byte // up to a NUL byte where there is one
	end      int64  // of the bytes read, in the file
	hash     [16]byte
	err      error // of reading

	// lead is data[:leadSize]. Whether its first line is a header's end or a body's is for the stitcher to know.
	leadSize int
	leadLine int // bytes of the first line with its line feed, or of all the lead
	first    piece
	rest     piece

	records Batch
	sum     totals // of records

	tail     int // start of the tail, -1 without one
	tailBody int // start of its body, -1 while the header goes on
	tailID   []byte
	tailRest piece // of its body

	fault *ParseError // of the first byte at fault, behind all that was scanned

	memory []byte
	number []byte // scratch for an id that is an offset
}

// totals are the sums over records.
type totals struct{ records, residues, longest int64 }

func (t *totals) add(length int64) {
	t.records++
	t.residues += length
	t.longest = max(t.longest, length)
}

func (t *totals) join(other totals) {
	t.records += other.records
	t.residues += other.residues
	t.longest = max(t.longest, other.longest)
}

// scan looks at all of data.
func (c *chunk) scan() {
	c.fault = nil
	for !c.scanOnce() {
	}
}

// scanOnce gives up with false where it meets a NUL byte, after cutting data there.
func (c *chunk) scanOnce() bool {
	c.records.reset()
	c.sum = totals{}
	c.tail, c.tailBody = -1, -1
	at, ok := c.scanLead()
	for ok && at < len(c.data) {
		at, ok = c.scanRecord(at)
	}
	return ok
}

// clean tells whether a piece that holds unusual low bytes is without NUL, and cuts data at the first NUL otherwise.
func (c *chunk) clean(from, to int) bool {
	nul := bytes.IndexByte(c.data[from:to], 0)
	if nul < 0 {
		return true
	}
	c.fault = nulAt(c.base + int64(from+nul))
	c.data = c.data[:from+nul]
	return false
}

// measure measures data[from:to], in which lineFeeds and low bytes were counted. It cuts data at a NUL as clean does.
func (c *chunk) measure(from, to, lineFeeds, low int) (piece, bool) {
	m := measure(c.data[from:to], lineFeeds, low)
	return m, m.spaces == int64(low) || c.clean(from, to)
}

func (c *chunk) scanLead() (end int, ok bool) {
	c.leadSize, c.leadLine = 0, 0
	c.first, c.rest = piece{firstEnd: -1}, piece{firstEnd: -1}
	if len(c.data) == 0 || c.previous == '\n' && c.data[0] == '>' {
		return 0, true
	}
	line := bytes.IndexByte(c.data, '\n') + 1
	if line == 0 {
		line = len(c.data)
	}
	c.leadLine = line
	lineFeeds, low := countLow(c.data[:line])
	if c.first, ok = c.measure(0, line, lineFeeds, low); !ok {
		return 0, false
	}
	size, lineFeeds, low, _ := scanBody(c.data[line:])
	if c.rest, ok = c.measure(line, line+size, lineFeeds, low); !ok {
		return 0, false
	}
	c.leadSize = line + size
	return c.leadSize, true
}

// scanRecord scans the record at at and returns where the next one starts.
func (c *chunk) scanRecord(at int) (next int, ok bool) {
	end, idEnd, controls, found := scanHeader(c.data[at+1:])
	line := c.data[at+1:][:end]
	odd := controls > 1 || controls == 1 && line[end-1] != '\r'
	if odd && !c.clean(at+1, at+1+end) {
		return 0, false
	}
	if !found {
		c.tail = at
		return len(c.data), true
	}
	id := line[:idEnd]
	if odd || idEnd == 0 {
		if cr := bytes.IndexByte(line, '\r'); cr >= 0 && cr < len(line)-1 {
			c.fault = bareCR(c.base + int64(at+1+cr))
			c.data = c.data[:at]
			return at, true
		}
		id = c.idOf(at, at+1+end)
	}
	bodyAt := at + end + 2
	size, lineFeeds, low, found := scanBody(c.data[bodyAt:])
	next = bodyAt + size
	if !found {
		c.tail, c.tailBody, c.tailID = at, bodyAt, id
		c.tailRest, ok = c.measure(bodyAt, next, lineFeeds, low)
		return next, ok
	}
	text := c.data[bodyAt:next]
	span := Span{Offset: c.base + int64(at), BodyOffset: c.base + int64(bodyAt), BodyEnd: c.base + int64(next)}
	span.Length = int64(size - low)
	width, crlf := 0, false
	if low == 2*lineFeeds {
		width, crlf = crlfLines(text, lineFeeds)
	}
	switch {
	case low == lineFeeds && size > low:
		span.LineResidues, span.LineBytes = plainLayout(text, lineFeeds)
	case crlf:
		span.LineResidues, span.LineBytes = int64(width), int64(width)+2
	default:
		piece, ok := c.measure(bodyAt, next, lineFeeds, low)
		if !ok {
			return 0, false
		}
		b := body{firstEnd: -1}
		b.add(piece)
		span.Length = b.length()
		span.LineResidues, span.LineBytes = b.layout()
	}
	c.records.add(span, id)
	c.sum.add(span.Length)
	return next, true
}

// idOf returns the id of a header that is not of the common kind.
func (c *chunk) idOf(at, lineEnd int) []byte {
	id, _ := ParseHeader(c.data[at:lineEnd])
	if len(id) == 0 {
		c.number = strconv.AppendInt(c.number[:0], c.base+int64(at), 10)
		id = c.number
	}
	return id
}
