package mapped

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Handle is a regular file open for reading, together with what it was when it was opened.
type Handle struct {
	path  string
	file  *os.File
	info  os.FileInfo
	stamp Stamp
}

// OpenHandle opens a regular file. A directory is refused with ErrDirectory, a pipe or device with ErrNotRegular.
func OpenHandle(path string) (*Handle, error) {
	// Judged before open: opening a pipe would wait for its writer.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err := regular(path, info); err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if errors.Is(err, syscall.EMFILE) {
		return nil, fmt.Errorf("%w: files stay open while they are read; allow more of them with ulimit -n, or join them", err)
	}
	if err != nil {
		return nil, err
	}
	info, err = file.Stat()
	if err == nil {
		err = regular(path, info)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &Handle{path: path, file: file, info: info, stamp: StampOf(info)}, nil
}

func regular(path string, info os.FileInfo) error {
	switch {
	case info.IsDir():
		return fmt.Errorf("%s: %w; name the files inside it", path, ErrDirectory)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: %w; write its content to a file first", path, ErrNotRegular)
	}
	return nil
}

// Path returns the path as it was given.
func (h *Handle) Path() string { return h.path }

// Size returns the bytes of the file when it was opened.
func (h *Handle) Size() int64 { return h.stamp.Size }

// Stamp returns size and modification time when the file was opened.
func (h *Handle) Stamp() Stamp { return h.stamp }

// ReadAt reads from the descriptor, as io.ReaderAt.
func (h *Handle) ReadAt(p []byte, offset int64) (int, error) { return h.file.ReadAt(p, offset) }

// Close closes the descriptor.
func (h *Handle) Close() error { return h.file.Close() }

// Unchanged returns nil while path and descriptor are the same file with the stamp it was opened with, otherwise an
// ErrChanged that names old and new. It sees a file that was appended to, truncated, touched, replaced or removed. It
// does not see a change that left the size and was dated back.
func (h *Handle) Unchanged() error {
	open, err := h.file.Stat()
	if err != nil {
		return fmt.Errorf("%s: %w: %w", h.path, ErrChanged, err)
	}
	named, err := os.Stat(h.path)
	if err != nil {
		return fmt.Errorf("%s: %w: it is no longer found: %w", h.path, ErrChanged, err)
	}
	switch {
	case !os.SameFile(open, named):
		return fmt.Errorf("%s: %w: another file took its place (was %v; now %v); run again",
			h.path, ErrChanged, h.stamp, StampOf(named))
	case StampOf(open) != h.stamp:
		return fmt.Errorf("%s: %w: was %v; now %v; run again", h.path, ErrChanged, h.stamp, StampOf(open))
	}
	return nil
}
