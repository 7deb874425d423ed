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

// NPZFile is the file ExportNPZ writes.
const NPZFile = "embeddings.npz"

// ExportNPZ writes outDir/embeddings.npz: an uncompressed archive of the arrays embeddings [n, D], id (text), ordinal
// and length (int64), in input order, for numpy.load. Input order is made in OUT/tmp, where it needs as much space as
// the embeddings take.
func ExportNPZ(ctx context.Context, dir Dir, outDir string) (_ Export, err error) {
	s, err := openSource(ctx, dir)
	if err != nil {
		return Export{}, err
	}
	o, err := s.inOrder(ctx)
	if err != nil {
		return Export{}, err
	}
	defer o.close()
	if err := os.MkdirAll(outDir, 0o777); err != nil {
		return Export{}, err
	}
	tmp, err := os.MkdirTemp(outDir, ".export-*")
	if err != nil {
		return Export{}, err
	}
	defer os.RemoveAll(tmp)
	file, err := os.Create(filepath.Join(tmp, NPZFile))
	if err != nil {
		return Export{}, err
	}
	defer file.Close()
	if err := o.writeNPZ(ctx, file); err != nil {
		return Export{}, err
	}
	if err := file.Sync(); err != nil {
		return Export{}, err
	}
	if err := file.Close(); err != nil {
		return Export{}, err
	}
	e := s.export()
	e.Files = []string{filepath.Join(outDir, NPZFile)}
	if err := os.Rename(file.Name(), e.Files[0]); err != nil {
		return Export{}, err
	}
	return e, syncDir(outDir)
}

func (o *ordered) writeNPZ(ctx context.Context, w io.Writer) error {
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
		{"embeddings", npyHeader(o.dtype, o.rows, o.dimension), func(w *bufio.Writer) error {
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
