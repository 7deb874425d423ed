package output

import (
	"io"

	"github.com/parquet-go/parquet-go"
)

// storedRow is a row as parquet-go takes it; half or float32 are its elements. Field names and order are those of
// columnNames.
type storedRow[E float32 | half] struct {
	Ordinal     int64  `parquet:"ordinal"`
	ID          string `parquet:"id,plain"`
	Description string `parquet:"description,plain"`
	File        string `parquet:"file,dict"`
	ByteOffset  int64  `parquet:"byte_offset"`
	Length      int64  `parquet:"length"`
	Residues    int64  `parquet:"residues"`
	Unknown     int64  `parquet:"unknown"`
	Truncated   int64  `parquet:"truncated"`
	MD5         string `parquet:"md5,plain"`
	Embedding   []E    `parquet:"embedding,list"`
}

// half is a binary16 in little-endian bytes.
type half [2]byte

// table writes rows into a Parquet file.
type table interface {
	// write writes one row. Pages are cut by their size after each row, so that how a caller batches rows does not
	// show in the file.
	write(row *Row) error
	// flush ends the row group.
	flush() error
	// close writes the footer with more metadata, pairs of key and value, in that order.
	close(metadata ...[2]string) error
}

func newTable(w io.Writer, dtype DType, options ...parquet.WriterOption) table {
	options = append(options, partSchema(newElementType(dtype)))
	if dtype == Float16 {
		return &tableOf[half]{
			file: parquet.NewGenericWriter[storedRow[half]](w, options...),
			encode: func(dst []half, src []float32) []half {
				dst = dst[:0]
				for _, v := range src {
					h := toFloat16(v)
					dst = append(dst, half{byte(h), byte(h >> 8)})
				}
				return dst
			},
		}
	}
	return &tableOf[float32]{
		file:   parquet.NewGenericWriter[storedRow[float32]](w, options...),
		encode: func(_, src []float32) []float32 { return src },
	}
}

type tableOf[E float32 | half] struct {
	file   *parquet.GenericWriter[storedRow[E]]
	row    [1]storedRow[E]
	encode func(dst []E, src []float32) []E // may use dst's memory
}

func (t *tableOf[E]) write(row *Row) error {
	t.row[0] = storedRow[E]{
		Ordinal: row.Ordinal, ID: row.ID, Description: row.Description, File: row.File, ByteOffset: row.ByteOffset,
		Length: row.Length, Residues: row.Residues, Unknown: row.Unknown, Truncated: row.Truncated, MD5: row.MD5,
		Embedding: t.encode(t.row[0].Embedding, row.Embedding),
	}
	_, err := t.file.Write(t.row[:])
	return err
}

func (t *tableOf[E]) flush() error { return t.file.Flush() }

func (t *tableOf[E]) close(metadata ...[2]string) error {
	for _, pair := range metadata {
		t.file.SetKeyValueMetadata(pair[0], pair[1])
	}
	return t.file.Close()
}
