package mmapfasta

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// locate completes a refusal with path and line number.
func locate(err error, src source) error {
	var refused *ParseError
	if errors.As(err, &refused) && refused.Path == "" {
		refused.Path = src.path
		refused.Line = lineOf(src, refused.Offset)
	}
	return err
}

// lineOf reads the file up to an offset once more: lines are counted only when there is something to report.
func lineOf(r io.ReaderAt, offset int64) int64 {
	line := lineCounter(1)
	if _, err := io.Copy(&line, io.NewSectionReader(r, 0, offset)); err != nil {
		return 0
	}
	return int64(line)
}

type lineCounter int64

func (c *lineCounter) Write(p []byte) (int, error) {
	*c += lineCounter(bytes.Count(p, []byte{'\n'}))
	return len(p), nil
}

func nulAt(offset int64) *ParseError {
	return &ParseError{Offset: offset, Reason: ErrNUL.Error(), Err: ErrNUL,
		Hint: "the file is binary or damaged; UTF-16 text must be saved as UTF-8"}
}

func bareCR(offset int64) *ParseError {
	return &ParseError{Offset: offset, Reason: ErrBareCR.Error(), Err: ErrBareCR,
		Hint: "lines must end in LF or CRLF; convert old Mac line ends with: tr '\\r' '\\n'"}
}

func longID(offset int64) *ParseError {
	return &ParseError{Offset: offset, Reason: ErrLongID.Error(), Err: ErrLongID,
		Hint: "a header must end in a line end and its id in a space"}
}

func notFASTA(found byte, offset int64) *ParseError {
	if found == '@' {
		return &ParseError{Offset: offset, Reason: ErrFASTQ.Error(), Err: ErrFASTQ,
			Hint: "convert it with: seqtk seq -a"}
	}
	hint := "the first record's '>' must be the first byte of its line"
	if found == 0xff || found == 0xfe {
		hint = "if it is UTF-16 text, save it as UTF-8"
	}
	return &ParseError{Offset: offset, Reason: fmt.Sprintf("%v: %q", ErrNotFASTA, found), Err: ErrNotFASTA, Hint: hint}
}

var compressions = []struct{ name, magic, remedy string }{
	{"gzip", "\x1f\x8b", "gunzip -k"},
	{"bzip2", "BZh", "bunzip2 -k"},
	{"xz", "\xfd7zXZ\x00", "unxz -k"},
	{"zstd", "\x28\xb5\x2f\xfd", "unzstd"},
	{"zip", "PK\x03\x04", "unzip"},
	{"lz4", "\x04\x22\x4d\x18", "unlz4"},
	{"lzip", "LZIP", "lzip -dk"},
	{"7z", "7z\xbc\xaf\x27\x1c", "7z x"},
	{"compress", "\x1f\x9d", "uncompress"},
}

// headSize is how many bytes compressed needs to see.
const headSize = 8

// compressed returns the refusal of a file whose first bytes are a compressed format's magic, nil for any other.
func compressed(head []byte) *ParseError {
	for _, c := range compressions {
		if bytes.HasPrefix(head, []byte(c.magic)) {
			return &ParseError{Reason: fmt.Sprintf("%v: %s", ErrCompressed, c.name), Err: ErrCompressed,
				Hint: "decompress it first: " + c.remedy}
		}
	}
	return nil
}
