// Package mapped gives zero-copy, read-only access to files mapped into memory through golang.org/x/exp/mmap.
//
// A view is a slice of the mapping itself. It is valid until Close of its File, and only while the File is reachable:
// the garbage collector does not know that the slice belongs to it. Built with the tag longfirst_debug, Close makes the
// mapping inaccessible instead of unmapping it, so that a late use of a view faults every time instead of reading
// whatever was mapped there since.
//
// A mapping follows its file. Bytes that another process cuts off fault on access (SIGBUS), which ends a Go program;
// code that touches views therefore runs inside Guard, which turns the fault into an error. A truncation inside the
// last page and a write in place do not fault; Unchanged finds those.
package mapped

import (
	"fmt"
	"io"
	"runtime"
	"slices"

	"golang.org/x/exp/mmap"
)

// File is a regular file mapped read-only. Where it cannot be mapped, spans are read into the caller's memory instead.
// It is safe for concurrent use, except that Close must not run beside any other method or beside a use of a view.
type File struct {
	*Handle
	reader *mmap.ReaderAt // owns the mapping, its finalizer unmaps; nil where the file is not mapped
	view   []byte         // reader's bytes [0, Size)
	closed bool

	companions []Companion
}

// Companion is what a File is no use without, as the file that its content was made from.
type Companion interface {
	Unchanged() error
	Close() error
}

// Accompany gives the file a companion: Unchanged asks it too, before the file itself, and Close closes it.
func (f *File) Accompany(c Companion) { f.companions = append(f.companions, c) }

// Unchanged is that of Handle, for the file and its companions.
func (f *File) Unchanged() error {
	for _, c := range f.companions {
		if err := c.Unchanged(); err != nil {
			return err
		}
	}
	return f.Handle.Unchanged()
}

// Open maps the file at path. A directory is refused with ErrDirectory, a pipe or device with ErrNotRegular.
func Open(path string) (*File, error) { return open(path, true) }

func open(path string, mapping bool) (*File, error) {
	handle, err := OpenHandle(path)
	if err != nil {
		return nil, err
	}
	f := &File{Handle: handle}
	if mapping {
		f.mapContent()
	}
	// The module opens the path once more: make sure that it met the same file.
	if err := handle.Unchanged(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// mapContent leaves the file unmapped where the platform, the file system or a memory limit does not allow a mapping.
func (f *File) mapContent() {
	reader, err := mmap.Open(f.path)
	if err != nil {
		return
	}
	view, ok := viewOf(reader)
	if !ok || int64(len(view)) != f.Size() {
		reader.Close()
		return
	}
	f.reader, f.view = reader, view
}

// Mapped tells whether views are slices of a mapping; otherwise View reads.
func (f *File) Mapped() bool { return f.reader != nil }

// View returns the bytes [start, end) of the file, valid until Close and not to be written to. Where the file is mapped
// nothing is copied and scratch is not touched; elsewhere the bytes are read into *scratch, which grows as needed, and
// the view is valid until the next use of scratch (nil makes new memory). View does not allocate while *scratch is large
// enough.
//
// Errors: ErrClosed, ErrRange; where the file is not mapped also *TruncatedError and what reading gives.
func (f *File) View(start, end int64, scratch *[]byte) ([]byte, error) {
	if f.closed {
		return nil, fmt.Errorf("%s: %w", f.path, ErrClosed)
	}
	if start < 0 || end < start || end > f.Size() {
		return nil, fmt.Errorf("%s: bytes [%d,%d): %w of %d bytes", f.path, start, end, ErrRange, f.Size())
	}
	if f.reader != nil {
		return f.view[start:end:end], nil
	}
	return f.read(start, end, scratch)
}

func (f *File) read(start, end int64, scratch *[]byte) ([]byte, error) {
	if scratch == nil {
		scratch = new([]byte)
	}
	*scratch = slices.Grow((*scratch)[:0], int(end-start))
	span := (*scratch)[:end-start]
	n, err := f.ReadAt(span, start)
	switch {
	case n == len(span):
		return span, nil
	case err == io.EOF:
		return nil, f.truncatedAt(start + int64(n))
	default:
		return nil, fmt.Errorf("%s: byte %d: %w", f.path, start+int64(n), err)
	}
}

func (f *File) truncatedAt(offset int64) *TruncatedError {
	truncated := &TruncatedError{Path: f.path, Offset: offset, OldSize: f.Size(), NewSize: -1}
	if info, err := f.file.Stat(); err == nil {
		truncated.NewSize = info.Size()
	}
	return truncated
}

// Close ends the life of all views of the file. A second Close does nothing.
func (f *File) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	var err error
	if f.reader != nil {
		err = release(f.reader, f.view)
		f.view = nil
	}
	if closing := f.Handle.Close(); err == nil {
		err = closing
	}
	runtime.KeepAlive(f.reader)
	for _, c := range f.companions {
		if closing := c.Close(); err == nil {
			err = closing
		}
	}
	return err
}
