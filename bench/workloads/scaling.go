package workloads

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"longfirst/bench"
	"longfirst/bench/limits"
)

// Scaling embeds the same records in a growing number of worker processes of one thread each.
type Scaling struct {
	Infer   inference
	Workers int
	Same    *uint64 // content that every number of workers must write; 0 before the first run

	out      string
	residues int64
}

func (w *Scaling) Name() string { return "scaling" }

func (w *Scaling) Case() string {
	return fmt.Sprintf("workers=%d/model=%s/input=%s", w.Workers, w.Infer.model, w.Infer.in)
}

func (w *Scaling) Shows() string {
	return "what another worker process brings, from exec to the proven data set, beside the FMA peak of as many threads"
}

func (w *Scaling) peak() limits.Limit { return limits.Limit{Kind: limits.FMA, Threads: w.Workers} }

func (w *Scaling) Limits() []limits.Limit { return []limits.Limit{w.peak()} }

func (w *Scaling) Prepare(ctx context.Context, dir string) (err error) {
	w.out = filepath.Join(dir, "out")
	w.residues, err = w.Infer.prepare(ctx, dir)
	return err
}

func (w *Scaling) Run(ctx context.Context) error {
	_, err := w.Infer.program.run(ctx, w.Infer.args(w.out, w.Workers, w.Workers)...)
	return err
}

func (w *Scaling) Figures(e bench.Elapsed) []bench.Figure {
	return []bench.Figure{
		bench.PerSecond("residues/s", float64(w.residues), e.Wall),
		bench.PerSecond("residues/cpu-s", float64(w.residues), e.CPU),
	}
}

// Check wants the same files from every number of workers.
func (w *Scaling) Check(context.Context) error {
	got, err := complete(w.out)
	if err != nil {
		return err
	}
	if *w.Same == 0 {
		*w.Same = got
	}
	if got != *w.Same {
		return fmt.Errorf("%s: %d workers wrote other files than another number of workers", w.out, w.Workers)
	}
	return os.RemoveAll(w.out)
}

func (w *Scaling) Sentence(r *bench.Result) string {
	return fmt.Sprintf("Whole runs with %d workers of one thread: %.0f residues/s; every number of workers wrote the same files.", w.Workers, r.Main().Median)
}

func (w *Scaling) Close() error { return nil }
