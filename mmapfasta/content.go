package mmapfasta

import (
	"context"
	"fmt"
	"io"

	"longfirst/mmapfasta/mapped"
)

// Content is what identifies a file's bytes.
type Content struct {
	Stamp mapped.Stamp // before the first byte was read and after the last
	Hash  [16]byte     // of all bytes: the XXH3-128 of the XXH3-128s of each 256 KiB of them, big-endian
}

// Hash reads the file at path once, on that many goroutines, and returns the same Content as Scan, whatever the file
// holds.
//
// Errors: ErrDirectory, ErrNotRegular, ErrChanged, what opening and reading give, and ctx's cause.
func Hash(ctx context.Context, path string, threads int) (Content, error) {
	sum := newHasher()
	stamp, err := unchanging(path, func(file source) error {
		return file.chunks(ctx, reading{size: chunkSize, threads: threads}, func(*chunk) {}, func(c *chunk) error {
			sum.add(c.hash)
			return nil
		})
	})
	if err != nil {
		return Content{}, err
	}
	return Content{stamp, sum.hash()}, nil
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
