package mmapfasta

import "bytes"

var isSpace = [256]bool{' ': true, '\t': true, '\n': true, '\r': true, '\v': true, '\f': true}

// rareSpaces holds the whitespace besides line feeds, the frequent ones first.
var rareSpaces = [][]byte{{'\r'}, {' '}, {'\t'}, {'\v'}, {'\f'}}

// AppendResidues appends the bytes of a body that are not whitespace.
func AppendResidues(dst, body []byte) []byte {
	for len(body) > 0 {
		line := body
		if end := bytes.IndexByte(body, '\n'); end >= 0 {
			line, body = body[:end], body[end+1:]
		} else {
			body = nil
		}
		dst = appendLine(dst, line)
	}
	return dst
}

// appendLine copies the runs between whitespace; most lines are one run.
func appendLine(dst, line []byte) []byte {
	start := 0
	for i, c := range line {
		if isSpace[c] {
			dst = append(dst, line[start:i]...)
			start = i + 1
		}
	}
	return append(dst, line[start:]...)
}
