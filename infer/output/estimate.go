package output

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// What a file takes beside its rows' values, in bytes: per row six int64, the lengths of three texts, one index into the
// file dictionary; per row and column the levels of a list or an offset; per row group the metadata and page headers of its
// columns; per part the footer. Measured upwards: an estimate may be a little too large, never too small.
const (
	rowOverhead    = 6*8 + 3*4 + 2
	columnOverhead = 8
	groupOverhead  = 3 << 10
	partOverhead   = 3 << 10
	anyColumn      = 1 << 10 // of a group or a part, for each column behind the first
	md5Bytes       = 32
)

// Amount is how much a data set holds.
type Amount struct {
	Rows     int64
	Residues int64 // embedded, of all rows
	Text     int64 // bytes of the ids and descriptions: of the FASTA headers
	Parts    int64
}

// EstimateBytes returns the disk space that a data set of that amount needs.
func EstimateBytes(a Amount, columns Columns, dtype DType) int64 {
	inRows, inArrays := columns.InRows(), columns.InArrays()
	data := a.Rows*int64(rowOverhead+md5Bytes+len(columns)*columnOverhead+inRows.Width()*dtype.Size()) + a.Text
	groups := a.Parts + data/rowGroupSize
	more := int64(len(columns)-1) * anyColumn
	arrays := a.Residues*int64(inArrays.Width()*dtype.Size()) + a.Parts*int64(len(inArrays))*residueHeaderBytes
	return data + groups*(groupOverhead+more) + a.Parts*(partOverhead+more) + arrays
}

// FreeSpace returns the bytes that may still be written where path is or would be created.
func FreeSpace(path string) (int64, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return 0, err
	}
	for {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) || filepath.Dir(path) == path {
			return freeBytes(path)
		}
		path = filepath.Dir(path)
	}
}
