package output

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"unicode/utf8"
)

// ExportNPZ writes outDir/embeddings.npz: an uncompressed archive of the arrays embeddings [n, D], id (text), ordinal
// and length (int64), in input order, for numpy.load. File and array of another column have its name. Input order is made in
// OUT/tmp, where it needs as much space as the column takes.
//
// Of a column per residue the archive COLUMN.npz holds an array [residues, D] for each record, named as its file would be.
func ExportNPZ(ctx context.Context, dir Dir, column, outDir string) (Export, error) {
	s, err := openSource(ctx, dir, column)
	if err != nil {
		return Export{}, err
	}
	if s.column.PerResidue() {
		return s.exportNPZ(outDir, func(w io.Writer) error { return s.writeRecords(ctx, w) })
	}
	o, err := s.inOrder(ctx)
	if err != nil {
		return Export{}, err
	}
	defer o.close()
	return s.exportNPZ(outDir, func(w io.Writer) error { return o.writeNPZ(ctx, w, s.column.arrayName()) })
}

// exportNPZ writes the column's .npz file and renames it when it is complete.
func (s *source) exportNPZ(outDir string, write func(io.Writer) error) (Export, error) {
	if err := os.MkdirAll(outDir, 0o777); err != nil {
		return Export{}, err
	}
	tmp, err := os.MkdirTemp(outDir, ".export-*")
	if err != nil {
		return Export{}, err
	}
	defer os.RemoveAll(tmp)
	file, err := os.Create(filepath.Join(tmp, s.column.arrayName()+".npz"))
	if err != nil {
		return Export{}, err
	}
	defer file.Close()
	if err := write(file); err != nil {
		return Export{}, err
	}
	if err := file.Sync(); err != nil {
		return Export{}, err
	}
	if err := file.Close(); err != nil {
		return Export{}, err
	}
	e := s.export()
	e.Files = []string{filepath.Join(outDir, filepath.Base(file.Name()))}
	if err := os.Rename(file.Name(), e.Files[0]); err != nil {
		return Export{}, err
	}
	return e, syncDir(outDir)
}

func (o *ordered) writeNPZ(ctx context.Context, w io.Writer, name string) error {
	archive := zip.NewWriter(w)
	longest, err := o.longestID(ctx)
	if err != nil {
		return err
	}
	arrays := []struct {
		name   string
		header []byte
		fill   func(w *bufio.Writer) error
	}{
		{name, npyHeader(o.dtype, o.rows, o.dimension), func(w *bufio.Writer) error {
			return o.each(ctx, func(_, elements []byte) error {
				_, err := w.Write(elements)
				return err
			})
		}},
		{"id", npyVector(fmt.Sprintf("<U%d", longest), o.rows), func(w *bufio.Writer) error {
			text := make([]byte, 4*longest)
			return o.lines(ctx, func(line []byte) error {
				clear(text)
				place := text
				for _, r := range idOf(line) {
					binary.LittleEndian.PutUint32(place, uint32(r))
					place = place[4:]
				}
				_, err := w.Write(text)
				return err
			})
		}},
		{"ordinal", npyVector("<i8", o.rows), o.numbers(ctx, 1)},
		{"length", npyVector("<i8", o.rows), o.numbers(ctx, 4)},
	}
	for _, array := range arrays {
		entry, err := archive.CreateHeader(&zip.FileHeader{Name: array.name + ".npy", Method: zip.Store})
		if err != nil {
			return err
		}
		buffer := bufio.NewWriterSize(entry, ioBufferSize)
		buffer.Write(array.header) // an error stays with the buffer
		if err := array.fill(buffer); err != nil {
			return err
		}
		if err := buffer.Flush(); err != nil {
			return err
		}
	}
	return archive.Close()
}

// longestID returns the characters of the longest id, 1 at least: NumPy has no text of width 0.
func (o *ordered) longestID(ctx context.Context) (int, error) {
	longest := 1
	return longest, o.lines(ctx, func(line []byte) error {
		longest = max(longest, utf8.RuneCountInString(idOf(line)))
		return nil
	})
}

// numbers writes a column of ids.tsv as int64.
func (o *ordered) numbers(ctx context.Context, column int) func(*bufio.Writer) error {
	return func(w *bufio.Writer) error {
		return o.lines(ctx, func(line []byte) error {
			n, err := strconv.ParseInt(string(fieldOf(line, column)), 10, 64)
			if err != nil {
				return err
			}
			_, err = w.Write(binary.LittleEndian.AppendUint64(nil, uint64(n)))
			return err
		})
	}
}
