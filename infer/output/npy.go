package output

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
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
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%d, %d), }", descr, rows, dimension)
	const fixed = 6 + 2 + 2
	total := (fixed + len(dict) + 1 + 63) / 64 * 64
	dict += strings.Repeat(" ", total-fixed-len(dict)-1) + "\n"
	header := append([]byte("\x93NUMPY"), 1, 0)
	header = binary.LittleEndian.AppendUint16(header, uint16(len(dict)))
	return append(header, dict...)
}

// npyFile is an array [rows, dimension] being written, rows in any order.
type npyFile struct {
	file   *os.File
	dtype  DType
	offset int64 // of row 0
	buffer []byte
}

func createNPY(path string, dtype DType, rows int64, dimension int) (*npyFile, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	header := npyHeader(dtype, rows, dimension)
	a := &npyFile{file: f, dtype: dtype, offset: int64(len(header)), buffer: make([]byte, dimension*dtype.Size())}
	_, err = f.Write(header)
	if err == nil {
		err = f.Truncate(a.offset + rows*int64(len(a.buffer)))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return a, nil
}

func (a *npyFile) writeRow(i int64, row []float32) error {
	for j, v := range row {
		if a.dtype == Float16 {
			binary.LittleEndian.PutUint16(a.buffer[2*j:], toFloat16(v))
		} else {
			binary.LittleEndian.PutUint32(a.buffer[4*j:], math.Float32bits(v))
		}
	}
	_, err := a.file.WriteAt(a.buffer, a.offset+i*int64(len(a.buffer)))
	return err
}

func (a *npyFile) finish() error {
	if err := a.file.Sync(); err != nil {
		return err
	}
	return a.file.Close()
}

func (a *npyFile) close() { a.file.Close() }

// readNPYRow reads the next row of an array whose header is behind r.
func readNPYRow(r io.Reader, dtype DType, buffer []byte, row []float32) error {
	if _, err := io.ReadFull(r, buffer); err != nil {
		return err
	}
	for j := range row {
		if dtype == Float16 {
			row[j] = fromFloat16(binary.LittleEndian.Uint16(buffer[2*j:]))
		} else {
			row[j] = math.Float32frombits(binary.LittleEndian.Uint32(buffer[4*j:]))
		}
	}
	return nil
}
