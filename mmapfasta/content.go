package mmapfasta

import (
	"context"
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

// Hash reads the file at path once and returns the same Content as Scan, whatever the file holds.
//
// Errors: ErrDirectory, ErrNotRegular, ErrChanged, what opening and reading give, and ctx's cause.
func Hash(ctx context.Context, path string) (Content, error) {
	var hash [16]byte
	stamp, err := unchanging(path, func(file source) (err error) {
		hash, err = file.readAll(ctx, bufferSize, func([]byte, int64) error { return nil })
		return err
	})
	if err != nil {
		return Content{}, err
	}
	return Content{stamp, hash}, nil
}

// unchanging runs read on the file at path and makes sure that the file was the same before and after. A change is
// reported before an error of read, which it may have caused.
func unchanging(path string, read func(source) error) (mapped.Stamp, error) {
	file, err := mapped.OpenHandle(path)
	if err != nil {
		return mapped.Stamp{}, err
	}
	defer file.Close()
	err = read(source{file, path, file.Size()})
	if changed := file.Unchanged(); changed != nil {
		return mapped.Stamp{}, changed
	}
	return file.Stamp(), err
}

// source is a file's content while it is read.
type source struct {
	io.ReaderAt
	path string
	size int64 // bytes it is expected to have
}

// readAll hands all bytes to take, chunk by chunk with their offsets, and returns their hash. A chunk is valid during
// the call only.
func (src source) readAll(ctx context.Context, bufferSize int, take func([]byte, int64) error) (sum [16]byte, err error) {
	buffer := make([]byte, min(int64(bufferSize), src.size))
	hash := xxh3.New128()
	for offset := int64(0); offset < src.size; {
		if ctx.Err() != nil {
			return sum, context.Cause(ctx)
		}
		chunk := buffer[:min(int64(len(buffer)), src.size-offset)]
		if err := src.readFull(chunk, offset); err != nil {
			return sum, err
		}
		hash.Write(chunk)
		if err := take(chunk, offset); err != nil {
			return sum, err
		}
		offset += int64(len(chunk))
	}
	if n, _ := src.ReadAt(make([]byte, 1), src.size); n > 0 {
		return sum, fmt.Errorf("%s: %w: it has more than its %d bytes", src.path, ErrChanged, src.size)
	}
	return hash.Sum128().Bytes(), nil
}

func (src source) readFull(p []byte, offset int64) error {
	n, err := src.ReadAt(p, offset)
	switch {
	case n == len(p):
		return nil
	case err == io.EOF:
		return fmt.Errorf("%s: %w: it ends at byte %d of %d", src.path, ErrChanged, offset+int64(n), src.size)
	default:
		return fmt.Errorf("%s: byte %d: %w", src.path, offset+int64(n), err)
	}
}
