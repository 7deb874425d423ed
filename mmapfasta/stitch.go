package mmapfasta

import "strconv"

// stitcher joins chunks that follow each other without a gap, cut anywhere. What it keeps between them is bounded by the
// longest id, so a record of any size passes through.
type stitcher struct {
	yield func(*Batch) error

	state  scanState
	batch  *Batch // the records of the last chunk with records; the one that is open belongs to it
	span   Span   // of the open record
	header headerScan
	body   body
	sum    totals
}

type scanState uint8

const (
	beforeRecords scanState = iota
	inHeader
	inBody
)

// take goes on with the next chunk. An error is a *ParseError without path and line, for the lowest offset at fault, or
// what yield returned.
func (s *stitcher) take(c *chunk) error {
	if err := s.lead(c); err != nil {
		return err
	}
	if c.tail >= 0 || c.records.Len() > 0 {
		if err := s.endRecord(c.base + int64(c.leadSize)); err != nil {
			return err
		}
		s.batch = c.records.compact()
		s.sum.join(c.sum)
	}
	if c.tail >= 0 {
		if err := s.open(c); err != nil {
			return err
		}
	}
	if c.fault == nil {
		return nil
	}
	if c.fault.Err == ErrNUL && s.state == inHeader && s.header.pendingCR {
		return bareCR(c.fault.Offset - 1)
	}
	return c.fault
}

// lead gives the lead to what is open.
func (s *stitcher) lead(c *chunk) error {
	switch s.state {
	case beforeRecords:
		for i, char := range c.data[:c.leadSize] {
			if !isSpace[char] {
				return notFASTA(char, c.base+int64(i))
			}
		}
	case inHeader:
		line := c.data[:c.leadLine]
		if c.first.firstEnd < 0 {
			return s.feedHeader(line, c.base)
		}
		if err := s.feedHeader(line[:len(line)-1], c.base); err != nil {
			return err
		}
		s.beginBody(c.base + int64(len(line)))
		s.body.add(c.rest)
	case inBody:
		s.body.add(c.first)
		s.body.add(c.rest)
	}
	return nil
}

func (s *stitcher) feedHeader(piece []byte, base int64) error {
	if cr := s.header.feed(piece); cr != noCR {
		return bareCR(base + int64(cr))
	}
	if len(s.header.id) > maxID {
		return longID(s.span.Offset)
	}
	return nil
}

// open begins the record of the chunk's tail.
func (s *stitcher) open(c *chunk) error {
	s.span = Span{Offset: c.base + int64(c.tail)}
	s.header.reset()
	s.state = inHeader
	if c.tailBody < 0 {
		return s.feedHeader(c.data[c.tail+1:], c.base+int64(c.tail+1))
	}
	s.header.id = append(s.header.id, c.tailID...)
	s.beginBody(c.base + int64(c.tailBody))
	s.body.add(c.tailRest)
	return nil
}

func (s *stitcher) beginBody(offset int64) {
	s.span.BodyOffset = offset
	s.body.reset()
	s.state = inBody
}

// endRecord ends the open record, if there is one, and hands out the batch that it belongs to.
func (s *stitcher) endRecord(end int64) error {
	switch s.state {
	case beforeRecords:
		return nil
	case inHeader:
		s.beginBody(end)
	}
	if len(s.header.id) == 0 {
		s.header.id = strconv.AppendInt(s.header.id, s.span.Offset, 10)
	}
	s.span.BodyEnd = end
	s.span.Length = s.body.length()
	s.span.LineResidues, s.span.LineBytes = s.body.layout()
	s.batch.add(s.span, s.header.id)
	s.sum.add(s.span.Length)
	s.state = beforeRecords
	return s.yield(s.batch)
}
