package output

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
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
// e0, e1, ... with the embedding in the shortest digits that read back to the same value. Input order is made in
// OUT/tmp, where it needs as much space as the embeddings take.
func ExportTSV(ctx context.Context, dir Dir, w io.Writer) (Export, error) {
	s, err := openSource(ctx, dir)
	if err != nil {
		return Export{}, err
	}
	if err := os.MkdirAll(dir.Tmp(), 0o777); err != nil {
		return Export{}, err
	}
	tmp, err := dir.createTemporaryFolder("export")
	if err != nil {
		return Export{}, err
	}
	defer os.RemoveAll(tmp)
	if err := s.write(ctx, tmp); err != nil {
		return Export{}, err
	}
	if err := s.joinTSV(ctx, tmp, w); err != nil {
		return Export{}, err
	}
	return s.export(), nil
}

// joinTSV writes ids.tsv and embeddings.npy of the folder side by side.
func (s *source) joinTSV(ctx context.Context, folder string, to io.Writer) error {
	options := s.manifest.Options
	ids, err := os.Open(filepath.Join(folder, IDsFile))
	if err != nil {
		return err
	}
	defer ids.Close()
	array, err := os.Open(filepath.Join(folder, NPYFile))
	if err != nil {
		return err
	}
	defer array.Close()
	if _, err := array.Seek(int64(len(npyHeader(options.DType, s.ranks.n, options.Dimension))), io.SeekStart); err != nil {
		return err
	}

	lines := bufio.NewReaderSize(ids, ioBufferSize)
	if _, err := lines.ReadSlice('\n'); err != nil {
		return err
	}
	values := bufio.NewReaderSize(array, ioBufferSize)
	buffer := make([]byte, options.Dimension*options.DType.Size())
	row := make([]float32, options.Dimension)

	columns := slices.Clone(ExportedColumns)
	for i := range options.Dimension {
		columns = append(columns, "e"+strconv.Itoa(i))
	}
	w := bufio.NewWriterSize(to, ioBufferSize)
	w.Write(headerLine(columns)) // an error stays with the buffer
	var line []byte
	for range s.ranks.n {
		if err := ctx.Err(); err != nil {
			return err
		}
		head, err := lines.ReadBytes('\n')
		if err != nil {
			return err
		}
		if err := readNPYRow(values, options.DType, buffer, row); err != nil {
			return err
		}
		line = append(line[:0], bytes.TrimSuffix(head, []byte("\n"))...)
		for _, v := range row {
			line = strconv.AppendFloat(append(line, '\t'), float64(v), 'g', -1, 32)
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return w.Flush()
}
