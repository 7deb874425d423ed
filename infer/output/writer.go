package output

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// Sizes in bytes.
const (
	rowGroupSize = 64 << 20
	pageSize     = 1 << 20
	ioBufferSize = 1 << 20
)

// PartWriter writes one part. It is not safe for concurrent use.
type PartWriter struct {
	dir     Dir
	info    PartInfo
	file    *os.File
	parquet *parquet.GenericWriter[any]
	columns []*parquet.ColumnWriter
	group   int64 // bytes in the row group so far

	values  []parquet.Value // one row's embedding
	half    []byte          // its elements as float16, little-endian
	scalar  [1]parquet.Value
	written int64 // rows
	failed  error // the first error; the part is lost then
}

// CreatePart begins a part in dir.Tmp. It ends with Publish or Abort.
func CreatePart(dir Dir, info PartInfo) (*PartWriter, error) {
	if info.Dimension < 1 || !info.DType.Valid() {
		return nil, fmt.Errorf("part %s: %w: dimension %d, element type %q", info.PartID, ErrInvalidRow, info.Dimension, info.DType)
	}
	info.Version = PartVersion
	file, err := dir.createTemporary(info.Name())
	if err != nil {
		return nil, err
	}
	w := &PartWriter{dir: dir, info: info, file: file}
	w.parquet = parquet.NewGenericWriter[any](file,
		partSchema(newElementType(info.DType)),
		parquet.CreatedBy("longfirst", strings.TrimPrefix(info.Program, "longfirst "), "parquet-go"),
		parquet.DataPageVersion(1),
		parquet.DataPageStatistics(false),
		parquet.SkipPageBounds("embedding", "list", "element"),
		parquet.PageBufferSize(pageSize),
		parquet.WriteBufferSize(ioBufferSize),
		parquet.KeyValueMetadata(arrowSchemaKey, arrowSchema(info.DType, info.Dimension)),
	)
	w.columns = w.parquet.ColumnWriters()
	w.values = make([]parquet.Value, info.Dimension)
	if info.DType == Float16 {
		w.half = make([]byte, 2*info.Dimension)
	}
	return w, nil
}

// Append writes rows. The embeddings are the caller's again when it returns. After an error the part is lost: Abort.
func (w *PartWriter) Append(rows []Row) error {
	for i := range rows {
		if w.failed == nil {
			w.failed = w.append(&rows[i])
		}
	}
	return w.failed
}

func (w *PartWriter) append(row *Row) error {
	if err := w.embedding(row); err != nil {
		return err
	}
	id, description, file := Text(row.ID), Text(row.Description), Text(row.File)
	size := int64(len(id)+len(description)+len(file)+len(row.MD5)) + int64(w.info.Dimension*w.info.DType.Size()) + rowOverhead
	if w.group > 0 && w.group+size > rowGroupSize {
		if err := w.parquet.Flush(); err != nil {
			return w.wrap(err)
		}
		w.group = 0
	}
	w.group += size
	w.written++
	for column, value := range [...]parquet.Value{
		colOrdinal:     parquet.Int64Value(row.Ordinal),
		colID:          parquet.ByteArrayValue([]byte(id)),
		colDescription: parquet.ByteArrayValue([]byte(description)),
		colFile:        parquet.ByteArrayValue([]byte(file)),
		colByteOffset:  parquet.Int64Value(row.ByteOffset),
		colLength:      parquet.Int64Value(row.Length),
		colResidues:    parquet.Int64Value(row.Residues),
		colUnknown:     parquet.Int64Value(row.Unknown),
		colTruncated:   parquet.Int64Value(row.Truncated),
		colMD5:         parquet.ByteArrayValue([]byte(row.MD5)),
	} {
		w.scalar[0] = value.Level(0, 0, column)
		if _, err := w.columns[column].WriteRowValues(w.scalar[:]); err != nil {
			return w.wrap(err)
		}
	}
	// Pages are cut by the size after each row, so how rows are split over calls of Append does not show in the file.
	if _, err := w.columns[colEmbedding].WriteRowValues(w.values); err != nil {
		return w.wrap(err)
	}
	return nil
}

// embedding fills values with the row's embedding.
func (w *PartWriter) embedding(row *Row) error {
	if len(row.Embedding) != w.info.Dimension {
		return fmt.Errorf("part %s: %w: record %s (ordinal %d) has %d values, want %d",
			w.info.PartID, ErrInvalidRow, Text(row.ID), row.Ordinal, len(row.Embedding), w.info.Dimension)
	}
	repetition := 0 // a repetition level of 0 begins a list, 1 continues it
	for i, v := range row.Embedding {
		stored := v
		if w.half != nil {
			h := toFloat16(v)
			stored = fromFloat16(h)
			binary.LittleEndian.PutUint16(w.half[2*i:], h)
			w.values[i] = parquet.FixedLenByteArrayValue(w.half[2*i:2*i+2]).Level(repetition, 1, colEmbedding)
		} else {
			w.values[i] = parquet.FloatValue(v).Level(repetition, 1, colEmbedding)
		}
		if stored-stored != 0 { // NaN or Inf
			return fmt.Errorf("part %s: %w: record %s (ordinal %d) has value %v at %d, which %s does not hold",
				w.info.PartID, ErrInvalidRow, Text(row.ID), row.Ordinal, v, i, w.info.DType)
		}
		repetition = 1
	}
	return nil
}

// Publish completes the part with the records that have no row, makes it durable and renames it into dir.Embeddings,
// over an older part of the same name. The part is gone if Publish fails.
func (w *PartWriter) Publish(skips []Skip) error {
	w.info.Rows = w.written
	w.info.Skips = slices.Clone(skips)
	slices.SortFunc(w.info.Skips, func(a, b Skip) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
	for i := range w.info.Skips {
		s := &w.info.Skips[i]
		s.ID, s.File, s.Detail = Text(s.ID), Text(s.File), Text(s.Detail)
	}
	if w.failed != nil {
		w.Abort()
		return w.failed
	}
	var err error
	if n := w.info.Rows + int64(len(skips)); n != w.info.Items {
		err = fmt.Errorf("%w: %d rows and %d skipped records, the block holds %d",
			ErrUnaccounted, w.info.Rows, len(skips), w.info.Items)
	}
	if err == nil {
		var text string
		if text, err = w.info.encode(); err == nil {
			w.parquet.SetKeyValueMetadata(MetadataKey, text)
			err = w.parquet.Close()
		}
	}
	if err := publish(w.file, w.dir.Part(w.info.PartID), err); err != nil {
		return w.wrap(err)
	}
	return nil
}

// Abort gives the part up and removes its file. It must not follow Publish.
func (w *PartWriter) Abort() {
	w.file.Close()
	os.Remove(w.file.Name())
}

func (w *PartWriter) wrap(err error) error { return fmt.Errorf("part %s: %w", w.info.PartID, err) }
