package output

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
)

// ordered is the rows of a data set in input order, in a temporary folder: the lines of ids.tsv, and beside them the
// elements of the embeddings.
type ordered struct {
	folder    string
	rows      int64
	dimension int
	dtype     DType
}

// inOrder puts the rows in order, in OUT/tmp.
func (s *source) inOrder(ctx context.Context) (o *ordered, err error) {
	if err := os.MkdirAll(s.dir.Tmp(), 0o777); err != nil {
		return nil, err
	}
	o = &ordered{rows: s.ranks.n, dimension: s.column.Width, dtype: s.dtype()}
	if o.folder, err = s.dir.createTemporaryFolder("export"); err != nil {
		return nil, err
	}
	none := func(DType, int64, int) []byte { return nil }
	if err := s.write(ctx, o.folder, elementsFile, none); err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

// elementsFile holds the elements of ordered rows, without a header.
const elementsFile = "elements"

func (o *ordered) close() { os.RemoveAll(o.folder) }

// each visits the rows: the line of ids.tsv without its end, and the elements as they are stored. Both are valid during
// the call only.
func (o *ordered) each(ctx context.Context, visit func(line, elements []byte) error) error {
	array, err := os.Open(filepath.Join(o.folder, elementsFile))
	if err != nil {
		return err
	}
	defer array.Close()
	values := bufio.NewReaderSize(array, ioBufferSize)
	elements := make([]byte, o.dimension*o.dtype.Size())
	return o.lines(ctx, func(line []byte) error {
		if _, err := io.ReadFull(values, elements); err != nil {
			return err
		}
		return visit(line, elements)
	})
}

// lines visits the lines of ids.tsv alone.
func (o *ordered) lines(ctx context.Context, visit func(line []byte) error) error {
	ids, err := os.Open(filepath.Join(o.folder, IDsFile))
	if err != nil {
		return err
	}
	defer ids.Close()
	lines := bufio.NewReaderSize(ids, ioBufferSize)
	if _, err := lines.ReadSlice('\n'); err != nil { // the header
		return err
	}
	for range o.rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return err
		}
		if err := visit(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
			return err
		}
	}
	return nil
}

// idOf returns the id of a line of ids.tsv, in the text that appendField was given.
func idOf(line []byte) string {
	id, _, _ := bytes.Cut(line, []byte("\t"))
	if len(id) > 1 && id[0] == '"' {
		id = bytes.ReplaceAll(id[1:len(id)-1], []byte(`""`), []byte(`"`))
	}
	return string(id)
}

// fieldOf returns a field of a line of ids.tsv: the number of its column.
func fieldOf(line []byte, column int) []byte {
	for range column {
		_, line, _ = bytes.Cut(line, []byte("\t"))
	}
	field, _, _ := bytes.Cut(line, []byte("\t"))
	return field
}
