package output

import (
	"encoding/binary"
	"math"
	"os"
)

// arrayFile is a header and an array [rows, dimension], little-endian and row-major, being written, rows in any order.
type arrayFile struct {
	file   *os.File
	dtype  DType
	offset int64 // of row 0
	buffer []byte
}

// arrayHeader returns what stands before the elements of an array [rows, dimension].
type arrayHeader func(dtype DType, rows int64, dimension int) []byte

func createArray(path string, header []byte, dtype DType, rows int64, dimension int) (*arrayFile, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	a := &arrayFile{file: f, dtype: dtype, offset: int64(len(header)), buffer: make([]byte, dimension*dtype.Size())}
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

func (a *arrayFile) writeRow(i int64, row []float32) error {
	a.buffer = a.dtype.encode(a.buffer[:0], row)
	_, err := a.file.WriteAt(a.buffer, a.offset+i*int64(len(a.buffer)))
	return err
}

func (a *arrayFile) finish() error {
	if err := a.file.Sync(); err != nil {
		return err
	}
	return a.file.Close()
}

func (a *arrayFile) close() { a.file.Close() }

// decode converts stored elements.
func (t DType) decode(row []float32, elements []byte) {
	for j := range row {
		if t == Float16 {
			row[j] = fromFloat16(binary.LittleEndian.Uint16(elements[2*j:]))
		} else {
			row[j] = math.Float32frombits(binary.LittleEndian.Uint32(elements[4*j:]))
		}
	}
}
