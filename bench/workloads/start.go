package workloads

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"longfirst/bench"
	"longfirst/bench/limits"
)

// StartVersion starts the program for the least it can do.
type StartVersion struct {
	Program program

	printed []string
}

// starts are made in a run.
const starts = 10

func (w *StartVersion) Name() string { return "start" }

func (w *StartVersion) Case() string { return "until=version" }

func (w *StartVersion) Shows() string {
	return "how long the whole process takes to start, print its version, and end: what every command pays"
}

func (w *StartVersion) Limits() []limits.Limit {
	return []limits.Limit{{Kind: limits.FMA, Threads: 1}}
}

func (w *StartVersion) Prepare(context.Context, string) error { return nil }

func (w *StartVersion) Run(ctx context.Context) error {
	w.printed = w.printed[:0]
	for range starts {
		text, err := w.Program.run(ctx, "version")
		if err != nil {
			return err
		}
		w.printed = append(w.printed, text)
	}
	return nil
}

func (w *StartVersion) Figures(e bench.Elapsed) []bench.Figure {
	return []bench.Figure{perEach("ms/start", e.Wall, time.Millisecond, starts)}
}

func (w *StartVersion) Check(context.Context) error {
	for _, text := range w.printed {
		if !strings.HasPrefix(text, "longfirst ") {
			return fmt.Errorf("version printed %q", text)
		}
	}
	return nil
}

func (w *StartVersion) Sentence(r *bench.Result) string {
	return fmt.Sprintf("Starting the program: %.1f ms from exec to exit.", r.Main().Median)
}

func (w *StartVersion) Close() error { return nil }

// StartInfer embeds one record in whole processes, a supervisor and a worker: the wait for the first result.
type StartInfer struct {
	Infer   inference
	Threads int

	out  string
	want uint64
}

func (w *StartInfer) Name() string { return "start" }

func (w *StartInfer) Case() string { return fmt.Sprintf("until=first-batch/model=%s", w.Infer.model) }

func (w *StartInfer) Shows() string {
	return "how long it takes from exec until one protein is embedded and on the disk: starting, opening index and model, computing, writing, proving"
}

func (w *StartInfer) Limits() []limits.Limit {
	return []limits.Limit{{Kind: limits.FMA, Threads: w.Threads}}
}

func (w *StartInfer) Prepare(ctx context.Context, dir string) error {
	w.out = filepath.Join(dir, "out")
	_, err := w.Infer.prepare(ctx, dir)
	return err
}

func (w *StartInfer) Run(ctx context.Context) error {
	_, err := w.Infer.program.run(ctx, w.Infer.args(w.out, 1, w.Threads)...)
	return err
}

func (w *StartInfer) Figures(e bench.Elapsed) []bench.Figure {
	return []bench.Figure{perEach("ms/start", e.Wall, time.Millisecond, 1)}
}

// Check wants the same files from every run.
func (w *StartInfer) Check(context.Context) error {
	got, err := complete(w.out)
	if err != nil {
		return err
	}
	if w.want == 0 {
		w.want = got
	}
	if got != w.want {
		return fmt.Errorf("%s: another run wrote other files", w.out)
	}
	return os.RemoveAll(w.out)
}

func (w *StartInfer) Sentence(r *bench.Result) string {
	return fmt.Sprintf("From exec to one protein embedded with %s, on the disk and proven: %.0f ms.", w.Infer.model, r.Main().Median)
}

func (w *StartInfer) Close() error { return nil }
