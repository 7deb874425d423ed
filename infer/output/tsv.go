package output

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
)

func headerLine(columns []string) []byte { return []byte(strings.Join(columns, "\t") + "\n") }

// appendIDs appends the row's line of ids.tsv.
func appendIDs(dst []byte, row *Row) []byte {
	dst = appendField(dst, row.ID)
	dst = strconv.AppendInt(append(dst, '\t'), row.Ordinal, 10)
	dst = appendField(append(dst, '\t'), row.File)
	for _, n := range [...]int64{row.ByteOffset, row.Length, row.Residues, row.Unknown, row.Truncated} {
		dst = strconv.AppendInt(append(dst, '\t'), n, 10)
	}
	dst = appendField(append(dst, '\t'), row.MD5)
	dst = appendField(append(dst, '\t'), row.Description)
	return append(dst, '\n')
}

// ExportTSV writes one line per embedded record in input order, under a header line: the ExportedColumns, then D columns
// e0, e1, ... with the column in the shortest digits that read back to the same value. Input order is made in
// OUT/tmp, where it needs as much space as the embeddings take.
func ExportTSV(ctx context.Context, dir Dir, column string, w io.Writer) (Export, error) {
	s, err := openSource(ctx, dir, column)
	if err != nil {
		return Export{}, err
	}
	if err := s.inRows("tsv"); err != nil {
		return Export{}, err
	}
	o, err := s.inOrder(ctx)
	if err != nil {
		return Export{}, err
	}
	defer o.close()
	if err := o.writeTSV(ctx, w); err != nil {
		return Export{}, err
	}
	return s.export(), nil
}

func (o *ordered) writeTSV(ctx context.Context, to io.Writer) error {
	columns := slices.Clone(ExportedColumns)
	for i := range o.dimension {
		columns = append(columns, "e"+strconv.Itoa(i))
	}
	w := bufio.NewWriterSize(to, ioBufferSize)
	w.Write(headerLine(columns)) // an error stays with the buffer
	row := make([]float32, o.dimension)
	var line []byte
	err := o.each(ctx, func(head, elements []byte) error {
		o.dtype.decode(row, elements)
		line = append(line[:0], head...)
		for _, v := range row {
			line = strconv.AppendFloat(append(line, '\t'), float64(v), 'g', -1, 32)
		}
		_, err := w.Write(append(line, '\n'))
		return err
	})
	if err != nil {
		return err
	}
	return w.Flush()
}
