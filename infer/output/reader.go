package output

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"syscall"

	"github.com/parquet-go/parquet-go"
)

// Part is an open part.
type Part struct {
	Path string
	Info PartInfo

	file   *os.File
	groups []parquet.RowGroup
}

// OpenPart opens a part and reads its metadata. Errors name the file and are ErrNotPart, ErrPartVersion, ErrCorruptPart
// or the file system's.
func OpenPart(path string) (*Part, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	stat, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, err
	}
	part, err := newPart(path, file, stat.Size())
	if err != nil {
		file.Close()
		return nil, err
	}
	part.file = file
	return part, nil
}

// ReadInfo reads what a part says about itself; see OpenPart for the errors.
func ReadInfo(path string) (PartInfo, error) {
	part, err := OpenPart(path)
	if err != nil {
		return PartInfo{}, err
	}
	return part.Info, part.Close()
}

// newPart reads a part's metadata from r.
func newPart(path string, r io.ReaderAt, size int64) (*Part, error) {
	var f *parquet.File
	err := guard(path, func() (err error) {
		f, err = parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
		return err
	})
	if err != nil {
		return nil, err
	}
	text, ok := f.Lookup(MetadataKey)
	if !ok {
		return nil, fmt.Errorf("%s: %w: no %q in the file's metadata", path, ErrNotPart, MetadataKey)
	}
	info, err := decodeInfo(path, text)
	if err != nil {
		return nil, err
	}
	err = guard(path, func() error {
		// parquet-go reads the type without its logical type FLOAT16.
		if !parquet.EqualNodes(f.Schema(), partSchema(newElementType(info.DType).Type, info.Columns)) {
			return fmt.Errorf("other columns: %v", f.Schema().Columns())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if f.NumRows() != info.Rows {
		return nil, fmt.Errorf("%s: %w: %d rows, its metadata say %d", path, ErrCorruptPart, f.NumRows(), info.Rows)
	}
	return &Part{Path: path, Info: info, groups: f.RowGroups()}, nil
}

// Close closes the file.
func (p *Part) Close() error { return p.file.Close() }

// Rows yields the rows in the order they were written. Row and values are valid until the next one. Every page's
// checksum is compared.
func (p *Part) Rows() iter.Seq2[*Row, error] { return p.rows(numRecordColumns, p.Info.Columns) }

// RowsOf is Rows with the values, or the offset, of one column alone.
func (p *Part) RowsOf(c Column) iter.Seq2[*Row, error] { return p.rows(numRecordColumns, Columns{c}) }

// Records is Rows without values, which are not read.
func (p *Part) Records() iter.Seq2[*Row, error] { return p.rows(numRecordColumns, nil) }

// Ordinals yields the rows' ordinals; no other column is read.
func (p *Part) Ordinals() iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		for row, err := range p.rows(colOrdinal+1, nil) {
			var ordinal int64
			if err == nil {
				ordinal = row.Ordinal
			}
			if !yield(ordinal, err) {
				return
			}
		}
	}
}

// rows reads the first n columns of the record and the columns given, which are the part's.
func (p *Part) rows(n int, columns Columns) iter.Seq2[*Row, error] {
	places := make([]int, n, n+len(columns))
	for i := range places {
		places[i] = i
	}
	for _, c := range columns {
		places = append(places, numRecordColumns+slices.Index(p.Info.Columns, c))
	}
	return func(yield func(*Row, error) bool) {
		var row Row
		stop := errors.New("stopped by the caller")
		for _, group := range p.groups {
			cursors := make([]cursor, len(places))
			err := guard(p.Path, func() error {
				chunks := group.ColumnChunks()
				for i, place := range places {
					cursors[i].pages = chunks[place].Pages()
				}
				return nil
			})
			for left := group.NumRows(); left > 0 && err == nil; left-- {
				if err = guard(p.Path, func() error { return readRow(&row, cursors, n, columns) }); err == nil && !yield(&row, nil) {
					err = stop
				}
			}
			for i := range cursors {
				cursors[i].close()
			}
			if err == stop {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// readRow reads n columns of the record, then those given.
func readRow(row *Row, cursors []cursor, n int, columns Columns) error {
	for i := range n {
		v, err := cursors[i].scalar()
		if err != nil {
			return err
		}
		switch i {
		case colOrdinal:
			row.Ordinal = v.Int64()
		case colID:
			row.ID = string(v.ByteArray())
		case colDescription:
			row.Description = string(v.ByteArray())
		case colFile:
			if file := v.ByteArray(); row.File != string(file) {
				row.File = string(file)
			}
		case colByteOffset:
			row.ByteOffset = v.Int64()
		case colLength:
			row.Length = v.Int64()
		case colResidues:
			row.Residues = v.Int64()
		case colUnknown:
			row.Unknown = v.Int64()
		case colTruncated:
			row.Truncated = v.Int64()
		case colMD5:
			row.MD5 = string(v.ByteArray())
		}
	}
	row.Offsets = row.Offsets[:0]
	var lists [][]float32
	for i, column := range columns {
		c := &cursors[n+i]
		if column.PerResidue() {
			v, err := c.scalar()
			if err != nil {
				return err
			}
			row.Offsets = append(row.Offsets, v.Int64())
			continue
		}
		if column.Scalar() {
			v, err := c.scalar()
			if err != nil {
				return err
			}
			lists = append(lists, []float32{v.Float()})
			continue
		}
		list, err := c.list(column.Width)
		if err != nil {
			return err
		}
		lists = append(lists, list)
	}
	if len(lists) == 1 { // as it lies in the page
		row.Values = lists[0]
		return nil
	}
	row.Values = slices.Concat(lists...)
	return nil
}

// cursor walks one column of a row group, page by page.
type cursor struct {
	pages parquet.Pages
	page  parquet.Page

	reader parquet.ValueReader
	buffer [256]parquet.Value
	values []parquet.Value // of buffer, not yet returned

	floats []float32 // of the page, not yet returned
	halves []byte
	wide   []float32 // one row's halves as float32
}

func (c *cursor) close() {
	if c.page != nil {
		parquet.Release(c.page)
		c.page = nil
	}
	if c.pages != nil {
		c.pages.Close()
	}
}

func (c *cursor) nextPage() (err error) {
	if c.page != nil {
		parquet.Release(c.page)
	}
	c.page, err = c.pages.ReadPage()
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// scalar returns the next value of a flat column, valid until the next call.
func (c *cursor) scalar() (parquet.Value, error) {
	for len(c.values) == 0 {
		if c.reader == nil {
			if err := c.nextPage(); err != nil {
				return parquet.Value{}, err
			}
			c.reader = c.page.Values()
		}
		n, err := c.reader.ReadValues(c.buffer[:])
		c.values = c.buffer[:n]
		if errors.Is(err, io.EOF) {
			c.reader = nil
		} else if err != nil {
			return parquet.Value{}, err
		}
	}
	v := c.values[0]
	c.values = c.values[1:]
	return v, nil
}

// list returns the next row of a column of lists, valid until the next call.
func (c *cursor) list(dimension int) ([]float32, error) {
	for len(c.floats) == 0 && len(c.halves) == 0 {
		if err := c.nextPage(); err != nil {
			return nil, err
		}
		if n, rows := c.page.NumValues(), c.page.NumRows(); n != rows*int64(dimension) || c.page.NumNulls() != 0 {
			return nil, fmt.Errorf("page of %d rows holds %d values, %d null: want %d a row", rows, n, c.page.NumNulls(), dimension)
		}
		if data := c.page.Data(); c.page.Type().Kind() == parquet.Float {
			c.floats = data.Float()
		} else {
			c.halves, _ = data.FixedLenByteArray()
		}
	}
	if len(c.floats) > 0 {
		row := c.floats[:dimension:dimension]
		c.floats = c.floats[dimension:]
		return row, nil
	}
	if c.wide == nil {
		c.wide = make([]float32, dimension)
	}
	for i := range c.wide {
		c.wide[i] = fromFloat16(binary.LittleEndian.Uint16(c.halves[2*i:]))
	}
	c.halves = c.halves[2*dimension:]
	return c.wide, nil
}

// guard runs a step of reading a part and names the file in its error. parquet-go trusts the lengths in a file more
// than a damaged one deserves: what it panics with is an error of the file too.
func guard(path string, step func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: %w: %v; delete the file and run again to recompute it", path, ErrCorruptPart, r)
		}
	}()
	err = step()
	var system syscall.Errno
	if err == nil || errors.As(err, &system) {
		return err
	}
	return fmt.Errorf("%s: %w: %w; delete the file and run again to recompute it", path, ErrCorruptPart, err)
}
