package mmapfasta

import "bytes"

// piece is what was measured of consecutive bytes of a body without knowing what stands before them. Offsets are
// relative to the piece's start. What pieces say can be added up, so bodies are measured in any cuts.
type piece struct {
	size       int64
	spaces     int64 // whitespace among them
	residueEnd int64 // end of the last residue, 0 without one
	last       byte  // 0 of an empty piece

	// Line ends stand at firstEnd, firstEnd+period … as far as they were followed: the first that is missing there, or has
	// another line end than the second, ends the row.
	firstEnd int64 // -1 without a line feed
	period   int64 // from the first line feed to the second, 0 without a second
	ends     int64 // line feeds in the row
	firstCR  bool  // a carriage return stands before the first, in the piece
	otherCR  bool  // and before each of the others
	broken   bool  // the row ended before the piece
}

// measure looks at a piece in which lineFeeds and low bytes were counted.
func measure(p []byte, lineFeeds, low int) piece {
	m := piece{size: int64(len(p)), spaces: int64(lineFeeds), firstEnd: -1}
	if len(p) == 0 {
		return m
	}
	if low != lineFeeds {
		m.spaces = countSpaces(p, lineFeeds, low)
	}
	end := len(p)
	for end > 0 && isSpace[p[end-1]] {
		end--
	}
	m.residueEnd = int64(end)
	m.last = p[len(p)-1]
	if lineFeeds > 0 {
		m.followLines(p)
	}
	return m
}

// countSpaces ends early where all low bytes are line ends.
func countSpaces(p []byte, lineFeeds, low int) int64 {
	n := lineFeeds
	for _, space := range rareSpaces {
		if n += bytes.Count(p, space); n == low {
			break
		}
	}
	return int64(n)
}

func (m *piece) followLines(p []byte) {
	first := bytes.IndexByte(p, '\n')
	m.firstEnd, m.ends = int64(first), 1
	m.firstCR = first > 0 && p[first-1] == '\r'
	second := bytes.IndexByte(p[first+1:], '\n')
	if second < 0 {
		return
	}
	m.period = int64(second) + 1
	at := first + int(m.period)
	m.otherCR = p[at-1] == '\r'
	for ; at < len(p); at += int(m.period) {
		if p[at] != '\n' || (p[at-1] == '\r') != m.otherCR {
			m.broken = true
			return
		}
		m.ends++
	}
}

// body adds up the pieces of one body. Offsets are relative to the body's start.
type body struct {
	size       int64
	spaces     int64
	residueEnd int64
	last       byte
	firstEnd   int64 // offset of the first line feed, -1 before it
	period     int64 // bytes of the first line with its line end
	lineEnd    int64 // bytes of its line end: 1 for LF, 2 for CRLF
	due        int64 // line ends found where the period puts them, from the first on
	broken     bool  // one was missing
}

func (b *body) reset() { *b = body{firstEnd: -1} }

func (b *body) add(m piece) {
	if m.size == 0 {
		return
	}
	b.matchLines(m)
	if m.residueEnd > 0 {
		b.residueEnd = b.size + m.residueEnd
	}
	b.size += m.size
	b.spaces += m.spaces
	b.last = m.last
}

// matchLines goes on with the row of line ends. A line feed too early ends the row: where residues follow it the lines
// are irregular whatever else there is, and where none follow it does not matter.
func (b *body) matchLines(m piece) {
	if b.broken || m.firstEnd < 0 {
		return
	}
	firstCR := m.firstCR || m.firstEnd == 0 && b.last == '\r'
	if b.firstEnd < 0 {
		b.firstEnd = b.size + m.firstEnd
		b.period = b.firstEnd + 1
		b.lineEnd = 1
		if firstCR {
			b.lineEnd = 2
		}
	} else if b.nextEnd() != b.size+m.firstEnd || b.lineEnd == 2 && !firstCR {
		b.broken = true
		return
	}
	b.due++
	if m.ends > 1 {
		if m.period != b.period || b.lineEnd == 2 && !m.otherCR {
			b.broken = true
			return
		}
		b.due += m.ends - 1
	}
	b.broken = m.broken
}

// nextEnd is where the next line feed is due.
func (b *body) nextEnd() int64 { return b.firstEnd + b.due*b.period }

func (b *body) length() int64 { return b.size - b.spaces }

// layout returns residues and bytes per line if residue k of the body stands at byte k/residues*bytes + k%residues for
// every k, else zeros. What follows the last residue does not matter.
func (b *body) layout() (residues, lineBytes int64) {
	length := b.length()
	inner := b.residueEnd - length // whitespace before the last residue
	if length == 0 {
		return 0, 0
	}
	if inner == 0 {
		if b.firstEnd < 0 {
			return length, b.size
		}
		return length, b.period
	}
	width := b.period - b.lineEnd
	if width <= 0 {
		return 0, 0
	}
	full := (length - 1) / width // lines before the last one
	if b.due < full || inner != full*b.lineEnd {
		return 0, 0
	}
	return width, b.period
}

// plainLayout is body.layout of a whole body with residues whose only whitespace are its line feeds.
func plainLayout(p []byte, lineFeeds int) (residues, lineBytes int64) {
	length := len(p) - lineFeeds
	end := len(p)
	for p[end-1] == '\n' {
		end--
	}
	width := bytes.IndexByte(p, '\n')
	inner := end - length
	if inner == 0 {
		if width < 0 {
			return int64(length), int64(len(p))
		}
		return int64(length), int64(width) + 1
	}
	if width <= 0 || inner != (length-1)/width {
		return 0, 0
	}
	for at := width; at < end; at += width + 1 {
		if p[at] != '\n' {
			return 0, 0
		}
	}
	return int64(width), int64(width) + 1
}

// crlfLines tells of a whole body, whose low bytes are twice its line feeds, whether all of them are CRLF line ends of
// lines of one width, at least 1, the last of which may be shorter.
func crlfLines(p []byte, lineFeeds int) (width int, ok bool) {
	first := bytes.IndexByte(p, '\n')
	if width = first - 1; width < 1 {
		return 0, false
	}
	ends, end := 0, 0 // what stands before end is lines
	for at := first; at < len(p); at += width + 2 {
		if p[at] != '\n' || p[at-1] != '\r' {
			return 0, false
		}
		ends, end = ends+1, at+1
	}
	if shorter := p[end:]; bytes.HasSuffix(shorter, []byte("\r\n")) {
		ends++
	}
	return width, ends == lineFeeds
}
