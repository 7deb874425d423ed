package output

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// lineSorter puts n lines, which arrive in any order with their ranks, in order: it deals them out to bucket files by
// ranges of ranks and sorts one bucket at a time in memory.
type lineSorter struct {
	n       int64
	size    int64 // ranks per bucket
	buckets []bucket
}

type bucket struct {
	file *os.File
	buf  *bufio.Writer
}

// A bucket of 64 Ki lines takes some 10 MB in memory; there are at most 256 buckets because each is an open file.
const (
	minBucketLines = 1 << 16
	maxBuckets     = 256
)

func newLineSorter(folder string, n int64) (*lineSorter, error) {
	s := &lineSorter{n: n, size: max(minBucketLines, (n+maxBuckets-1)/maxBuckets)}
	for first := int64(0); first < n; first += s.size {
		f, err := os.Create(filepath.Join(folder, "lines-"+strconv.FormatInt(first/s.size, 10)))
		if err != nil {
			s.close()
			return nil, err
		}
		s.buckets = append(s.buckets, bucket{f, bufio.NewWriter(f)})
	}
	return s, nil
}

// add takes a line with its end. A bucket file holds, per line: rank within the bucket, length, bytes.
func (s *lineSorter) add(rank int64, line []byte) error {
	var head [8]byte
	binary.LittleEndian.PutUint32(head[0:], uint32(rank%s.size))
	binary.LittleEndian.PutUint32(head[4:], uint32(len(line)))
	b := s.buckets[rank/s.size]
	b.buf.Write(head[:]) // an error stays with the buffer
	_, err := b.buf.Write(line)
	return err
}

// writeTo writes the header and the lines in order.
func (s *lineSorter) writeTo(ctx context.Context, path string, header []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, ioBufferSize)
	w.Write(header)
	for i, b := range s.buckets {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := b.sortTo(w, min(s.size, s.n-int64(i)*s.size)); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

func (b bucket) sortTo(w io.Writer, lines int64) error {
	if err := b.buf.Flush(); err != nil {
		return err
	}
	if _, err := b.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	data, err := io.ReadAll(b.file)
	if err != nil {
		return err
	}
	ordered := make([][]byte, lines)
	for len(data) > 0 {
		rank, size := binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[4:])
		ordered[rank] = data[8 : 8+size]
		data = data[8+size:]
	}
	for _, line := range ordered {
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

func (s *lineSorter) close() error {
	var errs []error
	for _, b := range s.buckets {
		errs = append(errs, b.file.Close())
	}
	return errors.Join(errs...)
}
