package output

import (
	"strings"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// Text returns s as it stands in the data set: valid UTF-8 is kept as it is, every other byte becomes the four
// characters \xNN.
func Text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			b.WriteString(`\x`)
			b.WriteByte(hexDigits[s[i]>>4])
			b.WriteByte(hexDigits[s[i]&15])
		} else {
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

// appendField appends s as one field of a tab-separated file: tab, line feed and carriage return are written as \t, \n
// and \r, and a field that begins with a quote is quoted as in CSV, because pandas, polars, DuckDB and R read it so.
func appendField(dst []byte, s string) []byte {
	s = Text(s)
	quoted := strings.HasPrefix(s, `"`)
	if quoted {
		dst = append(dst, '"')
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\t':
			dst = append(dst, `\t`...)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '"' && quoted:
			dst = append(dst, `""`...)
		default:
			dst = append(dst, c)
		}
	}
	if quoted {
		dst = append(dst, '"')
	}
	return dst
}
