package mmapfasta

import (
	"bytes"
	"strconv"
)

// scanner finds records in a stream of chunks that follow each other without a gap, cut anywhere. What it keeps between
// chunks is bounded by the longest id, so a record of any size passes through.
type scanner struct {
	yield func(*Record) error

	state    scanState
	start    int64 // offset where text may start, after a byte order mark
	last     byte  // of the chunk before; a line feed at the start of the file
	record   Record
	header   headerScan
	body     bodyScan
	records  int64
	residues int64
	longest  int64
}

type scanState uint8

const (
	beforeRecords scanState = iota
	inHeader
	inBody
)

// newScanner returns a scanner for a file whose text starts at the given offset.
func newScanner(start int64, yield func(*Record) error) *scanner {
	return &scanner{yield: yield, start: start, last: '\n'}
}

// feed scans the next chunk, which starts at offset base of the file. An error is a *ParseError without path and line,
// for the lowest offset at fault, or what yield returned.
func (s *scanner) feed(chunk []byte, base int64) error {
	if skip := s.start - base; skip > 0 {
		skip = min(skip, int64(len(chunk)))
		chunk, base = chunk[skip:], base+skip
	}
	if len(chunk) == 0 {
		return nil
	}
	nul := bytes.IndexByte(chunk, 0)
	if nul >= 0 {
		chunk = chunk[:nul]
	}
	if err := s.scan(chunk, base, seenIn(chunk)); err != nil {
		return err
	}
	if nul >= 0 {
		if s.state == inHeader && s.header.pendingCR {
			return bareCR(base + int64(nul) - 1)
		}
		return nulAt(base + int64(nul))
	}
	s.last = chunk[len(chunk)-1]
	return nil
}

// finish ends the last record at the end of the file.
func (s *scanner) finish(end int64) error {
	switch s.state {
	case inHeader:
		s.beginBody(end)
		return s.endRecord(end)
	case inBody:
		return s.endRecord(end)
	}
	return nil
}

func (s *scanner) scan(chunk []byte, base int64, seen rareBytes) error {
	at := 0
	for at < len(chunk) {
		switch s.state {
		case beforeRecords:
			next, err := s.findFirst(chunk, at, base)
			if err != nil {
				return err
			}
			at = next
		case inHeader:
			line, next := chunk[at:], len(chunk)
			ended := false
			if end := bytes.IndexByte(line, '\n'); end >= 0 {
				line, next, ended = line[:end], at+end+1, true
			}
			if cr := s.header.feed(line, seen); cr != noCR {
				return bareCR(base + int64(at+cr))
			}
			if ended {
				s.beginBody(base + int64(next))
			}
			at = next
		case inBody:
			end, found := s.nextRecord(chunk, at)
			s.body.feed(chunk[at:end], seen)
			if found {
				if err := s.endRecord(base + int64(end)); err != nil {
					return err
				}
				s.beginRecord(base + int64(end))
				end++
			}
			at = end
		}
	}
	return nil
}

// findFirst skips blank lines before the first record and returns where its header goes on.
func (s *scanner) findFirst(chunk []byte, at int, base int64) (int, error) {
	for at < len(chunk) && isSpace[chunk[at]] {
		at++
	}
	if at == len(chunk) {
		return at, nil
	}
	if chunk[at] != '>' || s.before(chunk, at) != '\n' {
		return 0, notFASTA(chunk[at], base+int64(at))
	}
	s.beginRecord(base + int64(at))
	return at + 1, nil
}

// nextRecord returns the first line start with a '>' at or after at, or the end of the chunk.
func (s *scanner) nextRecord(chunk []byte, at int) (int, bool) {
	for from := at; ; {
		found := bytes.IndexByte(chunk[from:], '>')
		if found < 0 {
			return len(chunk), false
		}
		found += from
		if s.before(chunk, found) == '\n' {
			return found, true
		}
		from = found + 1
	}
}

// before returns the byte before chunk[at].
func (s *scanner) before(chunk []byte, at int) byte {
	if at == 0 {
		return s.last
	}
	return chunk[at-1]
}

func (s *scanner) beginRecord(offset int64) {
	s.record.Offset = offset
	s.header.reset()
	s.state = inHeader
}

func (s *scanner) beginBody(offset int64) {
	s.record.BodyOffset = offset
	s.body.reset()
	s.state = inBody
}

func (s *scanner) endRecord(end int64) error {
	r := &s.record
	if len(s.header.id) == 0 {
		s.header.id = strconv.AppendInt(s.header.id, r.Offset, 10)
	}
	r.ID = s.header.id
	r.BodyEnd = end
	r.Length = s.body.size - s.body.spaces
	r.LineResidues, r.LineBytes = s.body.layout()
	s.records++
	s.residues += r.Length
	s.longest = max(s.longest, r.Length)
	return s.yield(r)
}
