package workloads

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"longfirst/bench"
	"longfirst/bench/gen"
	"longfirst/bench/limits"
	"longfirst/index"
)

// IndexBuild builds the index of a protein FASTA file that lies in the page cache.
type IndexBuild struct {
	Bytes int64 // of the file, about

	fasta   string
	wrote   gen.Summary // what the file holds
	path    string      // of the index
	built   *index.Index
	outcome index.Outcome
}

var (
	oneReader = limits.Limit{Kind: limits.MemoryRead, Threads: 1}
	oneFile   = limits.Limit{Kind: limits.FileRead, Threads: 1}
)

func (w *IndexBuild) Name() string { return "index-build" }

func (w *IndexBuild) Case() string { return fmt.Sprintf("input=protein-%dMB", w.Bytes/1e6) }

func (w *IndexBuild) Shows() string {
	return "how fast a FASTA file is indexed the first time it is seen, hashing, sorting and writing included, beside what one thread can read"
}

func (w *IndexBuild) Limits() []limits.Limit { return []limits.Limit{oneReader, oneFile} }

// Prepare writes the FASTA file.
func (w *IndexBuild) Prepare(ctx context.Context, dir string) (err error) {
	w.fasta = filepath.Join(dir, "proteins.fa")
	w.path = filepath.Join(dir, "proteins"+index.Extension)
	w.wrote, err = gen.WriteFile(ctx, w.fasta, gen.Options{Shape: gen.Protein, Seed: seed, Bytes: w.Bytes})
	return err
}

func (w *IndexBuild) Run(ctx context.Context) (err error) {
	w.built, w.outcome, err = index.Ensure(ctx, []string{w.fasta}, index.Options{Path: w.path})
	return err
}

func (w *IndexBuild) Figures(e bench.Elapsed) []bench.Figure {
	megabytes := float64(w.wrote.Bytes) / 1e6
	return []bench.Figure{
		bench.PerSecond("MB/s", megabytes, e.Wall, oneReader, oneFile),
		bench.PerSecond("MB/cpu-s", megabytes, e.CPU),
		bench.PerSecond("records/s", float64(w.wrote.Records), e.Wall),
	}
}

// Check compares the index with what was generated and, entry by entry, with the file. It removes the index, so that the
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
	if x.Len() != w.wrote.Records || x.Tokens() != w.wrote.Residues || x.Longest() != w.wrote.Longest {
		return fmt.Errorf("%s: %d records of %d residues, the longest of %d; generated were %d of %d, the longest of %d", w.path,
			x.Len(), x.Tokens(), x.Longest(), w.wrote.Records, w.wrote.Residues, w.wrote.Longest)
	}
	return x.Check(ctx)
}

func (w *IndexBuild) Sentence(r *bench.Result) string {
	return fmt.Sprintf("Indexing proteins: %.0f MB/s, %.0f records/s; that is %.0f %% of what one thread reads from memory; every entry was compared with the file.",
		r.Find("MB/s").Median, r.Find("records/s").Median, r.Find(oneReader.ShareUnit()).Median)
}

func (w *IndexBuild) Close() error {
	if w.built == nil {
		return nil
	}
	return w.built.Close()
}
