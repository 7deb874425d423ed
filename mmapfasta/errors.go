package mmapfasta

import (
	"errors"
	"fmt"
	"strings"

	"longfirst/mmapfasta/mapped"
)

// Refused before a byte is read as FASTA.
var (
	// ErrDirectory: the path names a directory.
	ErrDirectory = mapped.ErrDirectory
	// ErrNotRegular: the path names a pipe or a device.
	ErrNotRegular = mapped.ErrNotRegular
	// ErrCompressed: the file starts with the magic of a compressed format.
	ErrCompressed = errors.New("compressed file")
)

// Refused while scanning.
var (
	// ErrNotFASTA: text before the first '>'.
	ErrNotFASTA = errors.New("not FASTA: text before the first '>'")
	// ErrFASTQ: the text before the first '>' starts with '@'. It is also an ErrNotFASTA.
	ErrFASTQ = fmt.Errorf("looks like FASTQ: %w", ErrNotFASTA)
	// ErrNUL: a NUL byte, in a header or a body.
	ErrNUL = errors.New("NUL byte")
	// ErrBareCR: a carriage return in a header that is not its line end.
	ErrBareCR = errors.New("carriage return inside a header")
	// ErrLongID: an id of more than a megabyte, which is no id.
	ErrLongID = errors.New("id of more than 1 MiB")
	// ErrChanged: the file changed while it was scanned.
	ErrChanged = mapped.ErrChanged
)

// ParseError says why and where a file is refused. It unwraps to one of the sentinels above.
type ParseError struct {
	Path   string
	Offset int64  // of the byte at fault, 0-based
	Line   int64  // of that byte, 1-based, counted by line feeds; 0 when the file could not be read again to count
	Reason string // what was found
	Hint   string // what to do about it
	Err    error  // the sentinel
}

func (e *ParseError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: byte %d", e.Path, e.Offset)
	if e.Line > 0 {
		fmt.Fprintf(&text, " (line %d)", e.Line)
	}
	fmt.Fprintf(&text, ": %s", e.Reason)
	if e.Hint != "" {
		fmt.Fprintf(&text, "; %s", e.Hint)
	}
	return text.String()
}

func (e *ParseError) Unwrap() error { return e.Err }
