package index

import (
	"errors"
	"fmt"
	"io"

	"longfirst/mmapfasta/mapped"
)

// Records reads records from the FASTA files of an index as they stand there. Files are mapped when first needed. It is
// not safe for concurrent use.
type Records struct {
	files   []FileInfo
	open    []*mapped.File // by file number; nil until needed
	live    []*mapped.File // the opened ones
	scratch []byte         // read into only where the platform does not map files
}

// Records prepares to read the files of x.
func (x *Index) Records() *Records {
	return &Records{files: x.files, open: make([]*mapped.File, len(x.files))}
}

// Read calls fn with the bytes [e.Offset, e.BodyEnd) of the record's file: a view that is valid during the call. A file
// that was cut short meanwhile gives an error that wraps mapped.ErrTruncated, also when that is met inside fn.
func (r *Records) Read(e *Entry, fn func(record []byte) error) error {
	file, err := r.file(e.File)
	if err != nil {
		return err
	}
	return mapped.Guard(func() error {
		record, err := file.View(e.Offset, e.BodyEnd, &r.scratch)
		if err != nil {
			return err
		}
		return fn(record)
	}, file)
}

// WriteTo writes the record as it stands in its file. Only a last record that no line end follows gets one.
func (r *Records) WriteTo(w io.Writer, e *Entry) error {
	return r.Read(e, func(record []byte) error {
		_, err := w.Write(record)
		if last := record[len(record)-1]; err == nil && last != '\n' {
			_, err = w.Write([]byte{'\n'})
		}
		return err
	})
}

// file maps a file and makes sure that it is the one that was indexed.
func (r *Records) file(number int) (*mapped.File, error) {
	if file := r.open[number]; file != nil {
		return file, nil
	}
	info := r.files[number]
	file, err := mapped.Open(info.Path)
	if err != nil {
		return nil, err
	}
	if file.Stamp() != info.Stamp {
		file.Close()
		return nil, fmt.Errorf("%s is now %s, it was indexed as %s: %w; run longfirst index again",
			info.Path, file.Stamp(), info.Stamp, ErrMismatch)
	}
	r.open[number] = file
	r.live = append(r.live, file)
	return file, nil
}

// Unchanged checks that the files read so far are still those that were indexed: a file that was rewritten in place reads
// as the new bytes, one that was cut off inside its last page as zeros.
func (r *Records) Unchanged() error {
	for _, file := range r.live {
		if err := file.Unchanged(); err != nil {
			return err
		}
	}
	return nil
}

// Close unmaps the files.
func (r *Records) Close() error {
	var errs []error
	for _, file := range r.live {
		errs = append(errs, file.Close())
	}
	clear(r.open)
	r.live = nil
	return errors.Join(errs...)
}
