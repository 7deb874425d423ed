package workloads

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"longfirst/bench"
	"longfirst/bench/limits"
	"longfirst/index"
)

// IndexBuild builds the index of FASTA files that lie in the page cache.
type IndexBuild struct {
	In      *input
	Threads int // 0 for as many as the process may use

	path    string // of the index
	built   *index.Index
	outcome index.Outcome
}

var (
	oneReader = limits.Limit{Kind: limits.MemoryRead, Threads: 1}
	oneFile   = limits.Limit{Kind: limits.FileRead, Threads: 1}
)

func (w *IndexBuild) Name() string { return "index-build" }

func (w *IndexBuild) Case() string {
	if w.Threads > 0 {
		return fmt.Sprintf("threads=%d/input=%s", w.Threads, w.In)
	}
	return "input=" + w.In.String()
}

func (w *IndexBuild) Shows() string {
	return "how fast FASTA files are indexed the first time they are seen, hashing, sorting and writing included, beside what one thread can read"
}

func (w *IndexBuild) Limits() []limits.Limit { return []limits.Limit{oneReader, oneFile} }

func (w *IndexBuild) Prepare(ctx context.Context, dir string) error {
	w.path = filepath.Join(dir, "built"+index.Extension)
	if err := w.In.prepare(ctx, dir); err != nil {
		return err
	}
	// The index that other workloads share would give its entries to every build.
	if err := os.Remove(w.In.indexPath()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (w *IndexBuild) Run(ctx context.Context) (err error) {
	w.built, w.outcome, err = index.Ensure(ctx, w.In.paths, index.Options{Path: w.path, Threads: w.Threads})
	return err
}

func (w *IndexBuild) Figures(e bench.Elapsed) []bench.Figure {
	megabytes := float64(w.In.wrote.Bytes) / 1e6
	return []bench.Figure{
		bench.PerSecond("MB/s", megabytes, e.Wall, oneReader, oneFile),
		bench.PerSecond("MB/cpu-s", megabytes, e.CPU),
		bench.PerSecond("records/s", float64(w.In.wrote.Records), e.Wall),
	}
}

// Check compares the index with what was generated and, entry by entry, with the files. It removes the index, so that the
// next run builds it again.
func (w *IndexBuild) Check(ctx context.Context) error {
	x := w.built
	w.built = nil
	return errors.Join(w.check(ctx, x), x.Close(), os.Remove(w.path))
}

func (w *IndexBuild) check(ctx context.Context, x *index.Index) error {
	if w.outcome != index.Created {
		return fmt.Errorf("%s: the index was %s, not created", w.path, w.outcome)
	}
	if err := w.In.compare(x); err != nil {
		return err
	}
	return x.Check(ctx)
}

func (w *IndexBuild) Sentence(r *bench.Result) string {
	return fmt.Sprintf("Indexing (%s): %.0f MB/s, %.0f records/s; that is %.0f %% of what one thread reads from memory; every entry was compared with the file.",
		w.In, r.Find("MB/s").Median, r.Find("records/s").Median, r.Find(oneReader.ShareUnit()).Median)
}

func (w *IndexBuild) Close() error {
	if w.built == nil {
		return nil
	}
	return w.built.Close()
}
