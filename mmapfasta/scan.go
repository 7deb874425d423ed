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

// Options say how a file is scanned. The zero value is usable.
type Options struct {
	Threads  int                   // goroutines that read and scan; at least one
	Progress func(bytesDone int64) // called before the records up to there are handed out; nil for none
}

// Scan reads the FASTA file at path once and hands its records to yield in file order. It ends at the first error,
// yield's own returned as it is; records handed out before an error are not to be trusted.
//
// Errors: *ParseError, ErrDirectory, ErrNotRegular, ErrChanged when the file is not the same before and after, what
// opening and reading give, and ctx's cause.
func Scan(ctx context.Context, path string, yield func(*Record) error) (Summary, error) {
	return ScanBatches(ctx, path, Options{}, func(b *Batch) error { return b.each(yield) })
}

func (b *Batch) each(yield func(*Record) error) error {
	var r Record
	for i := range b.Spans {
		r = Record{ID: b.ID(i), Span: b.Spans[i]}
		if err := yield(&r); err != nil {
			return err
		}
	}
	return nil
}

// ScanBatches is Scan with records handed out in batches, which belong to yield. What is handed out does not depend on
// the number of threads.
func ScanBatches(ctx context.Context, path string, opt Options, yield func(*Batch) error) (Summary, error) {
	return scanFile(ctx, path, chunkSize, opt, yield)
}

func scanFile(ctx context.Context, path string, chunkSize int, opt Options, yield func(*Batch) error) (Summary, error) {
	var sum Summary
	stamp, err := unchanging(path, func(file source) (err error) {
		sum, err = scanContent(ctx, file, chunkSize, opt, yield)
		return err
	})
	if err != nil {
		return Summary{}, err
	}
	sum.Stamp = stamp
	return sum, nil
}

// scanContent scans src as FASTA. Its Summary has no stamp.
func scanContent(ctx context.Context, src source, chunkSize int, opt Options, yield func(*Batch) error) (Summary, error) {
	start, err := textStart(src)
	if err != nil {
		return Summary{}, locate(err, src)
	}
	s := stitcher{yield: yield}
	hash := newHasher()
	err = src.chunks(ctx, reading{start, chunkSize, opt.Threads}, (*chunk).scan, func(c *chunk) error {
		hash.add(c.hash)
		if opt.Progress != nil {
			opt.Progress(c.end)
		}
		return s.take(c)
	})
	if err == nil {
		err = s.endRecord(src.size)
	}
	if err != nil {
		return Summary{}, locate(err, src)
	}
	return Summary{Content{Hash: hash.hash()}, s.sum.records, s.sum.residues, s.sum.longest}, nil
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
