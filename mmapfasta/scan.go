package mmapfasta

import (
	"bytes"
	"context"
)

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

func scanFile(ctx context.Context, path string, bufferSize int, yield func(*Record) error) (Summary, error) {
	var sum Summary
	stamp, err := unchanging(path, func(file source) (err error) {
		sum, err = scanContent(ctx, file, bufferSize, yield)
		return err
	})
	if err != nil {
		return Summary{}, err
	}
	sum.Stamp = stamp
	return sum, nil
}

// scanContent scans src as FASTA. Its Summary has no stamp.
func scanContent(ctx context.Context, src source, bufferSize int, yield func(*Record) error) (Summary, error) {
	start, err := textStart(src)
	if err != nil {
		return Summary{}, locate(err, src)
	}
	s := newScanner(start, yield)
	hash, err := src.readAll(ctx, bufferSize, s.feed)
	if err == nil {
		err = s.finish(src.size)
	}
	if err != nil {
		return Summary{}, locate(err, src)
	}
	return Summary{Content: Content{Hash: hash}, Records: s.records, Residues: s.residues, Longest: s.longest}, nil
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// textStart looks at the first bytes: it refuses compressed files and returns the offset behind a byte order mark.
func textStart(src source) (int64, error) {
	head := make([]byte, min(headSize, src.size))
	if err := src.readFull(head, 0); err != nil {
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
