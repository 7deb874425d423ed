package mmapfasta

import "bytes"

// ctrlA joins the headers of identical sequences in NCBI's non-redundant files; it ends an id as whitespace does.
const ctrlA = 0x01

// ParseHeader splits the header line of a record, from '>' on, with or without its line end. The id runs from the first
// byte that is not whitespace up to whitespace or Ctrl-A, and is empty where the header has none. The description is
// what follows the run of whitespace or the one Ctrl-A that ended the id. Both are slices of line, bytes as they are,
// valid UTF-8 or not.
func ParseHeader(line []byte) (id, description []byte) {
	line = trimLineEnd(line)
	start := 1
	for start < len(line) && isSpace[line[start]] {
		start++
	}
	if start >= len(line) {
		return nil, nil
	}
	line = line[start:]
	end := 0
	for end < len(line) && !endsID[line[end]] {
		end++
	}
	id, rest := line[:end], line[end:]
	if len(rest) > 0 && rest[0] == ctrlA {
		return id, rest[1:]
	}
	return id, bytes.TrimLeft(rest, " \t\n\r\v\f")
}

var endsID = func() (ends [256]bool) {
	ends = isSpace
	ends[ctrlA] = true
	return ends
}()

func trimLineEnd(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'})
}
