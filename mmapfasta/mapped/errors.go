package mapped

import (
	"errors"
	"fmt"
)

// Refused at Open.
var (
	// ErrDirectory: the path names a directory.
	ErrDirectory = errors.New("is a directory")
	// ErrNotRegular: the path names a pipe, a device or a socket, which cannot be mapped or read a second time.
	ErrNotRegular = errors.New("is not a regular file")
)

// Raised while a file is in use.
var (
	// ErrClosed: the file was used after Close.
	ErrClosed = errors.New("file is closed")
	// ErrRange: the span asked for does not lie inside the file.
	ErrRange = errors.New("span lies outside the file")
	// ErrChanged: size, modification time or identity are no longer those of Open.
	ErrChanged = errors.New("file changed while in use")
	// ErrTruncated: bytes that were there at Open are gone; see TruncatedError.
	ErrTruncated = errors.New("file was truncated while in use")
	// ErrUnreadable: bytes that lie inside the file could not be read, as when a disk or a network file system fails.
	ErrUnreadable = errors.New("mapped file cannot be read")
)

// TruncatedError reports an access to bytes that the file no longer has. It is an ErrTruncated.
type TruncatedError struct {
	Path    string
	Offset  int64 // byte that was accessed, from the start of the file
	OldSize int64 // bytes at Open
	NewSize int64 // bytes now, -1 when that cannot be found out
}

func (e *TruncatedError) Error() string {
	now := "of unknown size"
	if e.NewSize >= 0 {
		now = fmt.Sprintf("%d bytes", e.NewSize)
	}
	return fmt.Sprintf("%s: byte %d: %v: it had %d bytes when opened and is now %s; restore the file and run again",
		e.Path, e.Offset, ErrTruncated, e.OldSize, now)
}

func (e *TruncatedError) Unwrap() error { return ErrTruncated }
