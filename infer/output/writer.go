package output

import (
	"cmp"
	"fmt"
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
	dir    Dir
	info   PartInfo
	file   diskFile
	sum    *checksummer // of what is written to file
	table  *table
	arrays []*residueWriter // of the columns in arrays

	group      int64 // bytes in the row group so far
	groupLimit int64
	written    int64 // rows
	failed     error // the first error; the part is lost then
}

// CreatePart begins a part in dir.Tmp. It ends with Publish or Abort.
func CreatePart(dir Dir, info PartInfo) (*PartWriter, error) {
	if err := info.Columns.check(); err != nil || !info.DType.Valid() {
		return nil, fmt.Errorf("part %s: %w: element type %q, columns: %v", info.PartID, ErrInvalidRow, info.DType, err)
	}
	info.Version = PartVersion
	file, err := dir.createTemporary(info.Name())
	if err != nil {
		return nil, err
	}
	w := &PartWriter{dir: dir, info: info, file: file, sum: newChecksummer(file), groupLimit: rowGroupSize}
	options := []parquet.WriterOption{
		parquet.CreatedBy("longfirst", strings.TrimPrefix(info.Program, "longfirst "), "parquet-go"),
		parquet.DataPageVersion(1), // every reader takes it
		parquet.DataPageStatistics(false),
		parquet.PageBufferSize(pageSize),
		parquet.WriteBufferSize(ioBufferSize),
		parquet.KeyValueMetadata(arrowSchemaKey, arrowSchema(info.DType, info.Columns)),
	}
	for _, c := range info.Columns.InRows() {
		if !c.Scalar() {
			options = append(options, parquet.SkipPageBounds(c.stored(), "list", "element"))
		}
	}
	w.table = newTable(w.sum, info.Columns, info.DType, options...)
	for _, c := range info.Columns.InArrays() {
		array, err := createResidues(dir, info.PartID, c, info.DType)
		if array != nil {
			w.arrays = append(w.arrays, array)
		}
		if err != nil {
			w.Abort()
			return nil, w.inPart(err)
		}
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
	if err := w.check(row); err != nil {
		return err
	}
	stored := *row
	stored.Offsets = make([]int64, len(w.arrays))
	for i, array := range w.arrays {
		var err error
		if stored.Offsets[i], err = array.append(row.PerResidue[i]); err != nil {
			return w.inPart(err)
		}
	}
	stored.ID, stored.Description, stored.File, stored.MD5 = Text(row.ID), Text(row.Description), Text(row.File), Text(row.MD5)
	size := rowOverhead + int64(len(stored.ID)+len(stored.Description)+len(stored.MD5)+len(row.Values)*w.info.DType.Size()+8*len(w.arrays))
	if w.group > 0 && w.group+size > w.groupLimit {
		if err := w.table.flush(); err != nil {
			return w.inPart(err)
		}
		w.group = 0
	}
	if err := w.table.write(&stored); err != nil {
		return w.inPart(err)
	}
	w.group += size
	w.written++
	return nil
}

// check refuses a row that is no data.
func (w *PartWriter) check(row *Row) error {
	err := row.fits(w.info.Columns)
	if err == nil {
		err = row.Finite(w.info.Columns, w.info.DType)
	}
	if err != nil {
		return fmt.Errorf("part %s: %w: record %s (ordinal %d): %w", w.info.PartID, ErrInvalidRow, Text(row.ID), row.Ordinal, err)
	}
	return nil
}

// Publish completes the part with the records that have no row, makes it durable and renames it into dir.Embeddings,
// over an older part of the same name. The part is gone if Publish fails.
//
// Array files become durable before the part that tells of them, and an older part goes before its array files do: where a
// part is, its array files are its own.
func (w *PartWriter) Publish(skips []Skip) error {
	w.info.Rows = w.written
	w.info.Skips = append([]Skip{}, skips...) // [] in JSON where there is none
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
		err = w.publishArrays()
	}
	if err == nil {
		var text string
		if text, err = w.info.encode(); err == nil {
			err = w.table.close([2]string{MetadataKey, text}, [2]string{ChecksumKey, string(noChecksum)})
		}
	}
	if err == nil {
		err = w.sum.seal(w.file)
	}
	if err != nil {
		w.abortArrays()
	}
	if err := publish(w.file, w.dir.Part(w.info.PartID), err); err != nil {
		return w.inPart(err)
	}
	return nil
}

func (w *PartWriter) publishArrays() error {
	if len(w.arrays) == 0 {
		return nil
	}
	if err := removeIfThere(w.dir.Part(w.info.PartID)); err != nil {
		return err
	}
	if err := disk.SyncDir(w.dir.Embeddings()); err != nil {
		return err
	}
	for len(w.arrays) > 0 {
		array := w.arrays[0]
		w.arrays = w.arrays[1:]
		info, err := array.publish()
		if err != nil {
			return err
		}
		w.info.Arrays = append(w.info.Arrays, info)
	}
	return nil
}

func (w *PartWriter) abortArrays() {
	for _, array := range w.arrays {
		array.abort()
	}
}

// Abort gives the part up and removes its files. It must not follow Publish.
func (w *PartWriter) Abort() {
	w.abortArrays()
	w.file.Close()
	disk.Remove(w.file.Name())
}

func (w *PartWriter) inPart(err error) error { return fmt.Errorf("part %s: %w", w.info.PartID, err) }
