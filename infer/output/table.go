package output

import (
	"encoding/binary"
	"io"

	"github.com/parquet-go/parquet-go"
)

// table writes rows into a Parquet file, column by column: which columns there are, only the data set says. Pages are cut by
// their size after each row, so that how a caller batches rows does not show in the file.
type table struct {
	file    *parquet.GenericWriter[any]
	columns Columns
	dtype   DType
	values  []parquet.Value // of a row's list
	halves  []byte
}

func newTable(w io.Writer, columns Columns, dtype DType, options ...parquet.WriterOption) *table {
	options = append(options, partSchema(newElementType(dtype), columns))
	return &table{file: parquet.NewGenericWriter[any](w, options...), columns: columns, dtype: dtype}
}

// write writes one row.
func (t *table) write(row *Row) error {
	writers := t.file.ColumnWriters()
	for i, v := range [numRecordColumns]parquet.Value{
		colOrdinal:     parquet.Int64Value(row.Ordinal),
		colID:          parquet.ByteArrayValue([]byte(row.ID)),
		colDescription: parquet.ByteArrayValue([]byte(row.Description)),
		colFile:        parquet.ByteArrayValue([]byte(row.File)),
		colByteOffset:  parquet.Int64Value(row.ByteOffset),
		colLength:      parquet.Int64Value(row.Length),
		colResidues:    parquet.Int64Value(row.Residues),
		colUnknown:     parquet.Int64Value(row.Unknown),
		colTruncated:   parquet.Int64Value(row.Truncated),
		colMD5:         parquet.ByteArrayValue([]byte(row.MD5)),
	} {
		if _, err := writers[i].WriteRowValues([]parquet.Value{v}); err != nil {
			return err
		}
	}
	values, offsets := row.Values, row.Offsets
	for i, c := range t.columns {
		var list []parquet.Value
		switch {
		case c.PerResidue():
			list, offsets = []parquet.Value{parquet.Int64Value(offsets[0])}, offsets[1:]
		case c.Scalar():
			list, values = []parquet.Value{parquet.FloatValue(values[0])}, values[1:]
		default:
			list, values = t.list(values[:c.Width], numRecordColumns+i), values[c.Width:]
		}
		if _, err := writers[numRecordColumns+i].WriteRowValues(list); err != nil {
			return err
		}
	}
	return nil
}

// list returns the elements of a list with their levels: all but the first repeat it. Valid until the next call.
func (t *table) list(values []float32, column int) []parquet.Value {
	t.values, t.halves = t.values[:0], t.halves[:0]
	if t.dtype == Float16 {
		for _, v := range values {
			t.halves = binary.LittleEndian.AppendUint16(t.halves, toFloat16(v))
		}
	}
	repeats := 0
	for i, v := range values {
		element := parquet.FloatValue(v)
		if t.dtype == Float16 {
			element = parquet.FixedLenByteArrayValue(t.halves[2*i : 2*i+2])
		}
		t.values = append(t.values, element.Level(repeats, 1, column))
		repeats = 1
	}
	return t.values
}

// flush ends the row group.
func (t *table) flush() error { return t.file.Flush() }

// close writes the footer with more metadata, pairs of key and value, in that order.
func (t *table) close(metadata ...[2]string) error {
	for _, pair := range metadata {
		t.file.SetKeyValueMetadata(pair[0], pair[1])
	}
	return t.file.Close()
}
