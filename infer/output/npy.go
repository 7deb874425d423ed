package output

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// npyHeader returns the header of a NumPy file, format 1.0: magic, version, length of what follows, a Python literal
// padded with spaces and a line feed so that the data begin at a multiple of 64.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
func npyHeader(dtype DType, rows int64, dimension int) []byte {
	descr := "<f4"
	if dtype == Float16 {
		descr = "<f2"
	}
	return npyDict(fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%d, %d), }", descr, rows, dimension))
}

func npyDict(dict string) []byte {
	const fixed = 6 + 2 + 2
	total := (fixed + len(dict) + 1 + 63) / 64 * 64
	dict += strings.Repeat(" ", total-fixed-len(dict)-1) + "\n"
	header := append([]byte("\x93NUMPY"), 1, 0)
	header = binary.LittleEndian.AppendUint16(header, uint16(len(dict)))
	return append(header, dict...)
}

// npyVector returns the header of a one-dimensional array of elements of that type, as NumPy writes types.
func npyVector(descr string, n int64) []byte {
	return npyDict(fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%d,), }", descr, n))
}
