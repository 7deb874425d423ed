package workloads

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"longfirst/bench/gen"
	"longfirst/index"
)

// input is a list of FASTA files that several workloads read. The first one that needs it makes it.
type input struct {
	shape gen.Shape
	bytes int64 // of all files, about; 0 for a number of records
	count int64 // records
	files int   // that the records are spread over

	length int64 // of every record; 0 as the shape has it

	wrote gen.Summary
	paths []string // nil until the files are there
}

func (in *input) String() string {
	switch {
	case in.length > 0:
		return fmt.Sprintf("%s-%d-records-of-%d", in.shape, in.count, in.length)
	case in.bytes == 0:
		return fmt.Sprintf("%s-%d-records", in.shape, in.count)
	case in.files > 1:
		return fmt.Sprintf("%s-%d-files-%dMB", in.shape, in.files, in.bytes/1e6)
	}
	return fmt.Sprintf("%s-%dMB", in.shape, in.bytes/1e6)
}

// prepare makes the files in dir, unless they are there already.
func (in *input) prepare(ctx context.Context, dir string) error {
	if in.paths != nil {
		return nil
	}
	whole := filepath.Join(dir, "proteins.fa")
	wrote, err := gen.WriteFile(ctx, whole, gen.Options{Shape: in.shape, Seed: seed, Bytes: in.bytes, Records: in.count, Length: in.length})
	if err != nil {
		return err
	}
	paths := []string{whole}
	if in.files > 1 {
		if paths, err = split(whole, dir, in.files); err != nil {
			return err
		}
	}
	// A file that was written a moment ago is hashed when its index is reused; those of users are older.
	old := time.Now().Add(-time.Hour)
	for _, path := range paths {
		if err := os.Chtimes(path, old, old); err != nil {
			return err
		}
	}
	in.wrote, in.paths = wrote, paths
	return nil
}

// indexPath is where the index lies that workloads share.
func (in *input) indexPath() string { return in.paths[0] + index.Extension }

// index builds the index of the files, or opens it.
func (in *input) index(ctx context.Context, dir string) (*index.Index, error) {
	if err := in.prepare(ctx, dir); err != nil {
		return nil, err
	}
	x, _, err := index.Ensure(ctx, in.paths, index.Options{Path: in.indexPath()})
	return x, err
}

// compare compares an index with what was generated.
func (in *input) compare(x *index.Index) error {
	if x.Len() != in.wrote.Records || x.Tokens() != in.wrote.Residues || x.Longest() != in.wrote.Longest {
		return fmt.Errorf("%s: %d records of %d residues, the longest of %d; generated were %d of %d, the longest of %d", x.Path(),
			x.Len(), x.Tokens(), x.Longest(), in.wrote.Records, in.wrote.Residues, in.wrote.Longest)
	}
	return nil
}

// split cuts a FASTA file into n of about equal size, between records, and removes it.
func split(path, dir string, n int) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var paths []string
	begin := 0
	for i := range n {
		end := len(text)
		if i < n-1 {
			end = recordAfter(text, len(text)/n*(i+1))
		}
		part := filepath.Join(dir, fmt.Sprintf("proteins-%03d.fa", i))
		if err := os.WriteFile(part, text[begin:end], 0o666); err != nil {
			return nil, err
		}
		paths = append(paths, part)
		begin = end
	}
	return paths, os.Remove(path)
}

// recordAfter returns where the first record begins that does so behind an offset, or the end.
func recordAfter(text []byte, offset int) int {
	for i := max(offset, 1); i < len(text); i++ {
		if text[i] == '>' && text[i-1] == '\n' {
			return i
		}
	}
	return len(text)
}
