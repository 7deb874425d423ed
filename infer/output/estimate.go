package output

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// What a file takes beside its rows' values, in bytes: per row six int64, the lengths of three texts, one index into the
// file dictionary and the levels of the embedding's list; per row group its columns' metadata and page headers; per part
// the footer. Measured upwards: an estimate may be a little too large, never too small.
const (
	rowOverhead   = 6*8 + 3*4 + 2 + 8
	groupOverhead = 3 << 10
	partOverhead  = 3 << 10
	md5Bytes      = 32
)

// EstimateBytes returns the disk space a data set of rows embeddings of dimension values in parts files needs. text is
// the total length of the ids and descriptions (of the FASTA headers) in bytes.
func EstimateBytes(rows, text int64, dimension int, dtype DType, parts int64) int64 {
	data := rows*int64(rowOverhead+md5Bytes+dimension*dtype.Size()) + text
	groups := parts + data/rowGroupSize
	return data + groups*groupOverhead + parts*partOverhead
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
