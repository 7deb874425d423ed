package gen

import (
	"math/rand/v2"
	"slices"
)

// lines returns a body of lines of equal length, but the last.
func (a *alphabet) lines(columns int64) func([]byte, *rand.PCG, int64) []byte {
	return func(dst []byte, source *rand.PCG, length int64) []byte {
		dst = slices.Grow(dst, int(length+length/columns+1))
		for length > 0 {
			n := min(length, columns)
			begin := len(dst)
			dst = dst[:begin+int(n)+1]
			a.fill(dst[begin:begin+int(n)], source)
			dst[begin+int(n)] = '\n'
			length -= n
		}
		return dst
	}
}

// raggedLines is a body as nobody should write one, and every one of its oddities is met: lines of any length that end as
// on Windows, blank ones among them, blanks inside.
func raggedLines(dst []byte, source *rand.PCG, length int64) []byte {
	for length > 0 {
		v := source.Uint64()
		n := min(length, 1+int64(v%120))
		begin := len(dst)
		dst = slices.Grow(dst, int(n))[:begin+int(n)]
		oddities.fill(dst[begin:], source)
		if v>>32%8 == 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, "\r\n"...)
		if v>>40%16 == 0 {
			dst = append(dst, "\r\n"...)
		}
		length -= n
	}
	return dst
}
