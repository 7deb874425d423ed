package mmapfasta

import "bytes"

var (
	spaceByte = []byte{' '}
	tabByte   = []byte{'\t'}
	lfByte    = []byte{'\n'}
	crByte    = []byte{'\r'}
	vtByte    = []byte{'\v'}
	ffByte    = []byte{'\f'}
)

// rareBytes tells which of the bytes that most files never hold occur in a chunk, so that a record is not searched for
// the others one by one.
type rareBytes struct{ tab, cr, vt, ff bool }

func seenIn(chunk []byte) rareBytes {
	return rareBytes{
		tab: bytes.IndexByte(chunk, '\t') >= 0,
		cr:  bytes.IndexByte(chunk, '\r') >= 0,
		vt:  bytes.IndexByte(chunk, '\v') >= 0,
		ff:  bytes.IndexByte(chunk, '\f') >= 0,
	}
}

// bodyScan measures one body that may arrive in pieces. Offsets are relative to the body's start.
type bodyScan struct {
	size       int64 // bytes so far
	spaces     int64 // whitespace among them
	residueEnd int64 // end of the last residue
	firstEnd   int64 // offset of the first line feed, -1 before it
	period     int64 // bytes of the first line with its line end
	lineEnd    int64 // bytes of its line end: 1 for LF, 2 for CRLF
	nextEnd    int64 // offset where the line feed of the next line is due
	due        int64 // line ends found where they were due, from the first on
	broken     bool  // one was missing
	last       byte  // of the piece before, 0 at the body's start
}

func (b *bodyScan) reset() {
	*b = bodyScan{firstEnd: -1}
}

func (b *bodyScan) feed(piece []byte, seen rareBytes) {
	if len(piece) == 0 {
		return
	}
	b.spaces += countSpaces(piece, seen)
	last := len(piece) - 1
	for last >= 0 && isSpace[piece[last]] {
		last--
	}
	if last >= 0 {
		b.residueEnd = b.size + int64(last) + 1
	}
	b.matchLines(piece)
	b.size += int64(len(piece))
	b.last = piece[len(piece)-1]
}

func countSpaces(piece []byte, seen rareBytes) int64 {
	n := bytes.Count(piece, lfByte) + bytes.Count(piece, spaceByte)
	if seen.cr {
		n += bytes.Count(piece, crByte)
	}
	if seen.tab {
		n += bytes.Count(piece, tabByte)
	}
	if seen.vt {
		n += bytes.Count(piece, vtByte)
	}
	if seen.ff {
		n += bytes.Count(piece, ffByte)
	}
	return int64(n)
}

// matchLines takes the first line's size as the period and checks that the line ends in the piece are where it puts
// them. Residues and blanks elsewhere are left to layout, which compares counts.
func (b *bodyScan) matchLines(piece []byte) {
	if b.firstEnd < 0 {
		end := bytes.IndexByte(piece, '\n')
		if end < 0 {
			return
		}
		b.firstEnd = b.size + int64(end)
		b.period = b.firstEnd + 1
		b.nextEnd = b.firstEnd
		b.lineEnd = 1
		if b.before(piece, end) == '\r' {
			b.lineEnd = 2
		}
	}
	for !b.broken && b.nextEnd < b.size+int64(len(piece)) {
		at := int(b.nextEnd - b.size)
		if piece[at] != '\n' || b.lineEnd == 2 && b.before(piece, at) != '\r' {
			b.broken = true
			return
		}
		b.due++
		b.nextEnd += b.period
	}
}

// before returns the byte before piece[at].
func (b *bodyScan) before(piece []byte, at int) byte {
	if at == 0 {
		return b.last
	}
	return piece[at-1]
}

// layout returns residues and bytes per line if residue k of the body stands at byte k/residues*bytes + k%residues for
// every k, else zeros. What follows the last residue does not matter.
func (b *bodyScan) layout() (residues, lineBytes int64) {
	length := b.size - b.spaces
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
