package mmapfasta

import "bytes"

// noCR is what headerScan.feed returns for a header without fault.
const noCR = -2

// maxID bounds an id. One that long is a sequence whose line ends are missing.
const maxID = 1 << 20

// headerScan collects the id of one header that may arrive in pieces.
type headerScan struct {
	id        []byte
	begun     bool // past leading whitespace
	ended     bool // past the id
	pendingCR bool // the last byte was a carriage return, fine if the line ends here
}

func (h *headerScan) reset() {
	*h = headerScan{id: h.id[:0]}
}

// feed takes the next piece of the line, without its line feed. It returns the index in the piece of a carriage return
// that is not the line end, -1 meaning the last byte before the piece, or noCR.
func (h *headerScan) feed(piece []byte) int {
	if len(piece) == 0 {
		return noCR
	}
	if h.pendingCR {
		return -1
	}
	if cr := bytes.IndexByte(piece, '\r'); cr >= 0 {
		if cr < len(piece)-1 {
			return cr
		}
		h.pendingCR = true
	}
	if !h.ended {
		h.collect(piece)
	}
	return noCR
}

func (h *headerScan) collect(piece []byte) {
	at := 0
	if !h.begun {
		for at < len(piece) && isSpace[piece[at]] {
			at++
		}
		h.begun = at < len(piece)
	}
	start := at
	for at < len(piece) && !endsID[piece[at]] {
		at++
	}
	h.id = append(h.id, piece[start:at]...)
	h.ended = h.begun && at < len(piece)
}
