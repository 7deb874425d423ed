package mmapfasta

import (
	"bytes"
	"fmt"
)

func nulAt(offset int64) *ParseError {
	return &ParseError{Offset: offset, Reason: ErrNUL.Error(), Err: ErrNUL,
		Hint: "the file is binary or damaged; UTF-16 text must be saved as UTF-8"}
}

func bareCR(offset int64) *ParseError {
	return &ParseError{Offset: offset, Reason: ErrBareCR.Error(), Err: ErrBareCR,
		Hint: "lines must end in LF or CRLF; convert old Mac line ends with: tr '\\r' '\\n'"}
}

func notFASTA(found byte, offset int64) *ParseError {
	if found == '@' {
		return &ParseError{Offset: offset, Reason: ErrFASTQ.Error(), Err: ErrFASTQ,
			Hint: "convert it with: seqtk seq -a"}
	}
	return &ParseError{Offset: offset, Reason: fmt.Sprintf("%v: %q", ErrNotFASTA, found), Err: ErrNotFASTA,
		Hint: "the first record's '>' must be the first byte of its line"}
}

var compressions = []struct{ name, magic, remedy string }{
	{"gzip", "\x1f\x8b", "gunzip -k"},
	{"bzip2", "BZh", "bunzip2 -k"},
	{"xz", "\xfd7zXZ\x00", "unxz -k"},
	{"zstd", "\x28\xb5\x2f\xfd", "unzstd"},
	{"zip", "PK\x03\x04", "unzip"},
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
