package workloads

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"longfirst/bench"
	"longfirst/bench/limits"
)

// Straggler embeds the same records in the same worker processes twice: left alone, and with a process that meets its
// fate after a quarter of the time.
type Straggler struct {
	Infer   inference
	Workers int // of one thread each
	Fate    fate

	out           string
	alone, struck time.Duration // wall time of either run
	after         time.Duration // from exec until the fate came
	want          uint64        // content of the run left alone
}

// fate is what becomes of a worker process.
type fate struct {
	name string
	rate float64 // what it computes from then on, as a share of what it did before
	do   func(ctx context.Context, child *os.Process) error
}

// killed is replaced by another process at once.
var killed = fate{"killed", 1, func(_ context.Context, child *os.Process) error { return child.Kill() }}

func (w *Straggler) Name() string { return "straggler" }

func (w *Straggler) Case() string {
	return fmt.Sprintf("child=%s/workers=%d/model=%s/input=%s", w.Fate.name, w.Workers, w.Infer.model, w.Infer.in)
}

func (w *Straggler) Shows() string {
	return "how close a run comes to the ideal when a worker process is slowed, stopped or killed in it: what is left, shared out by what each can still do"
}

func (w *Straggler) Limits() []limits.Limit {
	return []limits.Limit{{Kind: limits.FMA, Threads: w.Workers}}
}

func (w *Straggler) Prepare(ctx context.Context, dir string) error {
	w.out = filepath.Join(dir, "out")
	_, err := w.Infer.prepare(ctx, dir)
	return err
}

// Run times its two halves itself.
func (w *Straggler) Run(ctx context.Context) (err error) {
	args := w.Infer.args(w.out, w.Workers, w.Workers)
	begin := time.Now()
	if _, err := w.Infer.program.run(ctx, args...); err != nil {
		return err
	}
	w.alone = time.Since(begin)
	if w.want, err = complete(w.out); err != nil {
		return err
	}
	if err := os.RemoveAll(w.out); err != nil {
		return err
	}
	return w.strike(ctx, args)
}

// strike makes the run in which a child meets its fate.
func (w *Straggler) strike(ctx context.Context, args []string) error {
	ctx, over := context.WithCancel(ctx)
	defer over()
	c := w.Infer.program.command(ctx, args...)
	begin := time.Now()
	if err := c.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	child, err := w.child(begin, done)
	if err != nil {
		return err
	}
	w.after = time.Since(begin)
	met := make(chan error, 1)
	go func() { met <- w.Fate.do(ctx, child) }()
	err = <-done
	w.struck = time.Since(begin)
	over()
	return errors.Join(err, <-met)
}

var pidInLog = regexp.MustCompile(`pid=(\d+)`)

// child waits for a quarter of the run, and for the first worker process to have said who it is in the log of what it
// has done.
func (w *Straggler) child(begin time.Time, done <-chan error) (*os.Process, error) {
	path := filepath.Join(w.out, "logs", "worker-0.log")
	for {
		select {
		case err := <-done:
			return nil, fmt.Errorf("%s: the run ended before a process could be struck: %w", w.out, cmp.Or(err, errShort))
		case <-time.After(time.Millisecond):
		}
		if time.Since(begin) < w.alone/4 {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if found := pidInLog.FindSubmatch(text); found != nil {
			pid, err := strconv.Atoi(string(found[1]))
			if err != nil {
				return nil, err
			}
			return os.FindProcess(pid)
		}
	}
}

var errShort = errors.New("the input is too small")

// ideal is how long the run would take if what was left when the fate came were shared out without a gap.
func (w *Straggler) ideal() time.Duration {
	workers := float64(w.Workers)
	return w.after + time.Duration(float64(w.alone-w.after)*workers/(workers-1+w.Fate.rate))
}

func (w *Straggler) Figures(bench.Elapsed) []bench.Figure {
	return []bench.Figure{
		{Unit: "ideal/actual", Value: w.ideal().Seconds() / w.struck.Seconds()},
		{Unit: "alone/actual", Value: w.alone.Seconds() / w.struck.Seconds()},
	}
}

// Check wants the files of the run that was left alone.
func (w *Straggler) Check(context.Context) error {
	got, err := complete(w.out)
	if err != nil {
		return err
	}
	if got != w.want {
		return fmt.Errorf("%s: the files are not those of a run left alone", w.out)
	}
	return os.RemoveAll(w.out)
}

func (w *Straggler) Sentence(r *bench.Result) string {
	return fmt.Sprintf("One of %d worker processes %s after a quarter of the run: it ends in %.2f times the ideal, and writes the same files.",
		w.Workers, w.Fate.name, 1/r.Main().Median)
}

func (w *Straggler) Close() error { return nil }
