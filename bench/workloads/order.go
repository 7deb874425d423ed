package workloads

import (
	"cmp"
	"context"
	"os"
	"slices"

	"longfirst/mmapfasta"
)

// scanned is a record as a plain scan of its file finds it, independent of any index.
type scanned struct {
	file    int
	ordinal int64
	mmapfasta.Span
}

// longestFirst lists the records of FASTA files in the order an index must have: length descending, then ordinal.
func longestFirst(ctx context.Context, paths []string) ([]scanned, error) {
	var all []scanned
	for file, path := range paths {
		if _, err := mmapfasta.Scan(ctx, path, func(r *mmapfasta.Record) error {
			all = append(all, scanned{file, int64(len(all)), r.Span})
			return nil
		}); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b scanned) int {
		return cmp.Or(cmp.Compare(b.Length, a.Length), cmp.Compare(a.ordinal, b.ordinal))
	})
	return all, nil
}

// bodies calls fn with the bodies of records in their order, line ends included.
func bodies(paths []string, records []scanned, fn func(body []byte)) error {
	texts := make([][]byte, len(paths))
	for i, path := range paths {
		var err error
		if texts[i], err = os.ReadFile(path); err != nil {
			return err
		}
	}
	for _, r := range records {
		fn(texts[r.file][r.BodyOffset:r.BodyEnd])
	}
	return nil
}
