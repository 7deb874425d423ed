package workloads

import (
	"context"
	"errors"
	"fmt"
	"time"

	"longfirst/bench"
	"longfirst/bench/limits"
	"longfirst/index"
)

// IndexReuse opens an index that is there, as every run but the first does: find it, prove it valid, open it.
type IndexReuse struct {
	In *input

	outcomes map[index.Outcome]int
	wrong    error
}

// reuses are made in a run: a single one is over before a clock tells much.
const reuses = 20

func (w *IndexReuse) Name() string { return "index-reuse" }

func (w *IndexReuse) Case() string { return "input=" + w.In.String() }

func (w *IndexReuse) Shows() string {
	return "how long a repeated run waits for its index: finding it, comparing the FASTA files with it, opening it"
}

func (w *IndexReuse) Limits() []limits.Limit { return []limits.Limit{oneReader} }

func (w *IndexReuse) Prepare(ctx context.Context, dir string) error {
	x, err := w.In.index(ctx, dir)
	if err != nil {
		return err
	}
	return x.Close()
}

func (w *IndexReuse) Run(ctx context.Context) error {
	w.outcomes, w.wrong = map[index.Outcome]int{}, nil
	for range reuses {
		x, outcome, err := index.Ensure(ctx, w.In.paths, index.Options{Path: w.In.indexPath()})
		if err != nil {
			return err
		}
		w.outcomes[outcome]++
		w.wrong = errors.Join(w.wrong, w.In.compare(x))
		if err := x.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (w *IndexReuse) Figures(e bench.Elapsed) []bench.Figure {
	return []bench.Figure{perEach("ms/open", e.Wall, time.Millisecond, reuses)}
}

// perEach is the figure of the time that one of n equal things took.
func perEach(unit string, d, scale time.Duration, n float64) bench.Figure {
	return bench.Figure{Unit: unit, Value: float64(d) / float64(scale) / n}
}

func (w *IndexReuse) Check(context.Context) error {
	if w.outcomes[index.Reused] != reuses {
		return fmt.Errorf("%s: outcomes %v, not reused %d times", w.In.indexPath(), w.outcomes, reuses)
	}
	return w.wrong
}

func (w *IndexReuse) Sentence(r *bench.Result) string {
	return fmt.Sprintf("Reusing the index (%s, %d records): %.2f ms until it is proven valid and open.", w.In, w.In.wrote.Records, r.Main().Median)
}

func (w *IndexReuse) Close() error { return nil }
