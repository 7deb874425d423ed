package expand

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
)

// input is the compressed file while it is read from its start to its end.
type input struct {
	*bufio.Reader
	source *countedReader
	name   string
}

const inputBuffer = 64 << 10

func newInput(ctx context.Context, r io.Reader, name string, progress func(int64)) *input {
	source := &countedReader{ctx: ctx, r: r, name: name, progress: progress}
	return &input{bufio.NewReaderSize(source, inputBuffer), source, name}
}

// offset returns how many compressed bytes have been used.
func (in *input) offset() int64 { return in.source.read - int64(in.Buffered()) }

// peek returns the next n bytes without using them, fewer at the end of the file.
func (in *input) peek(n int) ([]byte, error) {
	head, err := in.Peek(n)
	if err == io.EOF {
		err = nil
	}
	return head, err
}

// countedReader counts what is read, and ends where its context does. It says which errors are those of reading.
type countedReader struct {
	ctx      context.Context
	r        io.Reader
	name     string
	read     int64
	progress func(read int64)
}

// progressBytes is how much is read between two reports of progress.
const progressBytes = 1 << 20

func (c *countedReader) Read(p []byte) (int, error) {
	if err := context.Cause(c.ctx); err != nil {
		return 0, readError{err}
	}
	n, err := c.r.Read(p)
	before := c.read
	c.read += int64(n)
	if c.progress != nil && (before/progressBytes != c.read/progressBytes || err == io.EOF) {
		c.progress(c.read)
	}
	if err != nil && err != io.EOF {
		err = readError{fmt.Errorf("%s: byte %d: %w", c.name, c.read, err)}
	}
	return n, err
}

// readError is an error that is none of the compressed file's format.
type readError struct{ error }

func (e readError) Unwrap() error { return e.error }

// ownError returns err where it says all by itself: it came from reading, or it is one of this package's.
func ownError(err error) (error, bool) {
	var read readError
	if errors.As(err, &read) {
		return read.error, true
	}
	for _, sentinel := range []error{ErrTruncated, ErrDamaged, ErrTrailing, ErrDictionary, ErrWindow} {
		if errors.Is(err, sentinel) {
			return err, true
		}
	}
	return nil, false
}
