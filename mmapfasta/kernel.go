package mmapfasta

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// The two questions that are asked of every byte of a file, in plain Go: the reference for the assembly and what runs
// where there is none. A low byte is one up to the space, 0x20: all whitespace is low, and little else is.

// scanBodyGo reads a body from p on, up to the first '>' that starts a line: its size (len(p) where none does), and the
// line feeds and low bytes in it. lineStart tells whether p stands at the start of a line.
func scanBodyGo(p []byte, lineStart bool) (size, lineFeeds, low int, found bool) {
	size, found = recordStart(p, lineStart)
	lineFeeds, low = countLow(p[:size])
	return size, lineFeeds, low, found
}

func recordStart(p []byte, lineStart bool) (int, bool) {
	for from := 0; ; {
		at := bytes.IndexByte(p[from:], '>')
		if at < 0 {
			return len(p), false
		}
		at += from
		if at == 0 && lineStart || at > 0 && p[at-1] == '\n' {
			return at, true
		}
		from = at + 1
	}
}

// countLow counts eight bytes at a time: added to 7 bits, a constant carries into bit 7 of just those above a bound.
func countLow(p []byte) (lineFeeds, low int) {
	const (
		sevens = 0x7f7f7f7f7f7f7f7f
		tops   = 0x8080808080808080
		feeds  = 0x0a0a0a0a0a0a0a0a
		above  = 0x5f5f5f5f5f5f5f5f // 0x80 - 0x21
	)
	for ; len(p) >= 8; p = p[8:] {
		word := binary.LittleEndian.Uint64(p)
		low += bits.OnesCount64(^((word & sevens) + above | word) & tops)
		other := word ^ feeds
		lineFeeds += bits.OnesCount64(^((other & sevens) + sevens | other) & tops)
	}
	for _, c := range p {
		if c <= ' ' {
			low++
			if c == '\n' {
				lineFeeds++
			}
		}
	}
	return lineFeeds, low
}

// scanHeaderGo reads a header line from p on: the index of its line feed (len(p) where there is none), the index of the
// first low byte up to there (-1 without one), and the number of bytes below the space before the line feed.
func scanHeaderGo(p []byte) (end, idEnd, controls int, found bool) {
	idEnd = -1
	for i, c := range p {
		if c > ' ' {
			continue
		}
		if idEnd < 0 {
			idEnd = i
		}
		if c == '\n' {
			return i, idEnd, controls, true
		}
		if c < ' ' {
			controls++
		}
	}
	return len(p), idEnd, controls, false
}
