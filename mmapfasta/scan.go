package mmapfasta

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/zeebo/xxh3"

	"longfirst/mmapfasta/mapped"
)

// bufferSize is the bytes read at a time.
const bufferSize = 1 << 20

// Content is what identifies a file's bytes.
type Content struct {
	Stamp mapped.Stamp // before the first byte was read and after the last
	Hash  [16]byte     // XXH3-128 of all bytes, big-endian
}

// Summary is what a complete scan adds up.
type Summary struct {
	Content
	Records  int64
	Residues int64 // of all records
	Longest  int64 // residues of the longest record
}

// Scan reads the FASTA file at path once and hands its records to yield in file order. It ends at the first error,
// yield's own returned as it is; records handed out before an error are not to be trusted.
//
// Errors: *ParseError, ErrDirectory, ErrNotRegular, ErrChanged when the file is not the same before and after, what
// opening and reading give, and ctx's cause.
func Scan(ctx context.Context, path string, yield func(*Record) error) (Summary, error) {
	return scanFile(ctx, path, bufferSize, yield)
}

// Hash reads the file at path once and returns the same Content as Scan, whatever the file holds.
func Hash(ctx context.Context, path string) (Content, error) {
	var hash [16]byte
	stamp, err := unchanging(path, func(file *mapped.Handle) (err error) {
		hash, err = readAll(ctx, file, file.Size(), bufferSize, func([]byte, int64) error { return nil })
		return err
	})
	if err != nil {
		return Content{}, err
	}
	return Content{stamp, hash}, nil
}

func scanFile(ctx context.Context, path string, bufferSize int, yield func(*Record) error) (Summary, error) {
	var sum Summary
	stamp, err := unchanging(path, func(file *mapped.Handle) (err error) {
		sum, err = scanContent(ctx, file, file.Size(), bufferSize, yield)
		return locate(err, file)
	})
	if err != nil {
		return Summary{}, err
	}
	sum.Stamp = stamp
	return sum, nil
}

// unchanging runs read on the file at path and makes sure that the file was the same before and after. A change is
// reported before an error of read, which it may have caused.
func unchanging(path string, read func(*mapped.Handle) error) (mapped.Stamp, error) {
	file, err := mapped.OpenHandle(path)
	if err != nil {
		return mapped.Stamp{}, err
	}
	defer file.Close()
	err = read(file)
	if changed := file.Unchanged(); changed != nil {
		return mapped.Stamp{}, changed
	}
	return file.Stamp(), err
}

// scanContent scans size bytes of FASTA. Its Summary has no stamp, its ParseErrors no path and line.
func scanContent(ctx context.Context, r io.ReaderAt, size int64, bufferSize int, yield func(*Record) error) (Summary, error) {
	start, err := textStart(r, size)
	if err != nil {
		return Summary{}, err
	}
	s := newScanner(start, yield)
	hash, err := readAll(ctx, r, size, bufferSize, s.feed)
	if err == nil {
		err = s.finish(size)
	}
	if err != nil {
		return Summary{}, err
	}
	return Summary{Content: Content{Hash: hash}, Records: s.records, Residues: s.residues, Longest: s.longest}, nil
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// textStart looks at the first bytes: it refuses compressed files and skips a byte order mark.
func textStart(r io.ReaderAt, size int64) (int64, error) {
	head := make([]byte, min(headSize, size))
	if err := readFull(r, head, 0); err != nil {
		return 0, err
	}
	if refused := compressed(head); refused != nil {
		return 0, refused
	}
	if bytes.HasPrefix(head, byteOrderMark) {
		return int64(len(byteOrderMark)), nil
	}
	return 0, nil
}

// readAll hands size bytes to take, chunk by chunk with their offsets, and returns their hash. A chunk is valid during
// the call only.
func readAll(ctx context.Context, r io.ReaderAt, size int64, bufferSize int, take func([]byte, int64) error) ([16]byte, error) {
	buffer := make([]byte, min(int64(bufferSize), size))
	hash := xxh3.New128()
	for offset := int64(0); offset < size; {
		if ctx.Err() != nil {
			return [16]byte{}, context.Cause(ctx)
		}
		chunk := buffer[:min(int64(len(buffer)), size-offset)]
		if err := readFull(r, chunk, offset); err != nil {
			return [16]byte{}, err
		}
		hash.Write(chunk)
		if err := take(chunk, offset); err != nil {
			return [16]byte{}, err
		}
		offset += int64(len(chunk))
	}
	if n, _ := r.ReadAt(make([]byte, 1), size); n > 0 {
		return [16]byte{}, fmt.Errorf("%w: it has more than the %d bytes it began with", ErrChanged, size)
	}
	return hash.Sum128().Bytes(), nil
}

func readFull(r io.ReaderAt, p []byte, offset int64) error {
	n, err := r.ReadAt(p, offset)
	switch {
	case n == len(p):
		return nil
	case err == io.EOF:
		return fmt.Errorf("%w: it ends at byte %d", ErrChanged, offset+int64(n))
	default:
		return fmt.Errorf("byte %d: %w", offset+int64(n), err)
	}
}

// locate completes a refusal with path and line number.
func locate(err error, file *mapped.Handle) error {
	var refused *ParseError
	if errors.As(err, &refused) && refused.Path == "" {
		refused.Path = file.Path()
		refused.Line = lineOf(file, refused.Offset)
	}
	return err
}

// lineOf reads the file up to an offset once more: lines are counted only when there is something to report.
func lineOf(r io.ReaderAt, offset int64) int64 {
	line := int64(1)
	_, err := io.Copy(newlineCounter{&line}, io.NewSectionReader(r, 0, offset))
	if err != nil {
		return 0
	}
	return line
}

type newlineCounter struct{ lines *int64 }

func (c newlineCounter) Write(p []byte) (int, error) {
	*c.lines += int64(bytes.Count(p, lfByte))
	return len(p), nil
}
