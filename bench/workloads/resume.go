package workloads

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"longfirst/bench"
	"longfirst/bench/limits"
)

// Resume runs the same `longfirst infer` again on what an earlier run left.
type Resume struct {
	Infer   inference
	Threads int
	Killed  bool // the earlier run was killed halfway; else it was complete

	out     string
	left    string  // what a killed run left, kept to be copied
	share   float64 // of the parts that it had published
	want    uint64  // content of an undisturbed run
	seconds float64 // that took
}

func (w *Resume) Name() string { return "resume" }

func (w *Resume) Case() string {
	after := "complete"
	if w.Killed {
		after = "kill"
	}
	return fmt.Sprintf("after=%s/model=%s/input=%s", after, w.Infer.model, w.Infer.in)
}

func (w *Resume) Shows() string {
	if w.Killed {
		return "how long the same command takes after a kill -9 halfway, beside an undisturbed run: only blocks in flight may be lost"
	}
	return "how long the same command takes when there is nothing left to do, the proof that every record is there included"
}

func (w *Resume) Limits() []limits.Limit {
	return []limits.Limit{{Kind: limits.FMA, Threads: w.Threads}}
}

// Prepare makes an undisturbed run, and one that is killed.
func (w *Resume) Prepare(ctx context.Context, dir string) error {
	if _, err := w.Infer.prepare(ctx, dir); err != nil {
		return err
	}
	w.out = filepath.Join(dir, "out")
	begin := time.Now()
	if err := w.Run(ctx); err != nil {
		return err
	}
	w.seconds = time.Since(begin).Seconds()
	var err error
	if w.want, err = complete(w.out); err != nil || !w.Killed {
		return err
	}
	w.left = filepath.Join(dir, "left")
	if err := w.kill(ctx); err != nil {
		return err
	}
	return w.restore()
}

func (w *Resume) args(out string) []string { return w.Infer.args(out, 1, w.Threads) }

// kill makes a run and kills it when half of the parts are there.
func (w *Resume) kill(ctx context.Context) error {
	_, all, err := content(w.out)
	if err != nil {
		return err
	}
	c := w.Infer.program.command(ctx, w.args(w.left)...)
	if err := c.Start(); err != nil {
		return err
	}
	parts := 0
	for err == nil && parts < (all+1)/2 && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
		var names []string
		names, err = filepath.Glob(filepath.Join(w.left, "embeddings", "part-*"))
		parts = len(names)
	}
	c.Process.Kill()
	c.Wait() // killed, it has nothing to tell
	if err != nil {
		return err
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if parts >= all {
		return fmt.Errorf("%s: the run was over before it could be killed", w.left)
	}
	w.share = float64(parts) / float64(all)
	return nil
}

// restore puts back what the killed run left.
func (w *Resume) restore() error {
	if err := os.RemoveAll(w.out); err != nil {
		return err
	}
	return os.CopyFS(w.out, os.DirFS(w.left))
}

func (w *Resume) Run(ctx context.Context) error {
	_, err := w.Infer.program.run(ctx, w.args(w.out)...)
	return err
}

func (w *Resume) Figures(e bench.Elapsed) []bench.Figure {
	return []bench.Figure{
		perEach("ms/resume", e.Wall, time.Millisecond, 1),
		{Unit: "whole/resumed", Value: w.seconds / e.Wall.Seconds()},
	}
}

// Check wants the files of an undisturbed run.
func (w *Resume) Check(context.Context) error {
	got, err := complete(w.out)
	if err != nil {
		return err
	}
	if got != w.want {
		return fmt.Errorf("%s: the files are not those of an undisturbed run", w.out)
	}
	if w.Killed {
		return w.restore()
	}
	return nil
}

func (w *Resume) Sentence(r *bench.Result) string {
	if w.Killed {
		return fmt.Sprintf("Going on after a kill with %.0f %% of the blocks done: %.0f ms; an undisturbed run took %.0f ms, and wrote the same files.",
			100*w.share, r.Main().Median, 1000*w.seconds)
	}
	return fmt.Sprintf("The same command again, nothing left to do: %.0f ms; the run itself took %.0f ms.", r.Main().Median, 1000*w.seconds)
}

func (w *Resume) Close() error { return nil }
