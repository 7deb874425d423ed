package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"longfirst/bench/limits"
)

// Options say how a run is done.
type Options struct {
	Program string        // name and version, for the report
	Threads int           // of workloads that can use several, and of the limits they are compared with
	Count   int           // samples of each workload that should count
	Budget  time.Duration // for the samples of one workload; the first one is always taken, MinSamples of them in three times the budget
	Total   time.Duration // for the whole run, shared out among the workloads still to come, which may get none; 0: not limited
	Dir     string        // inputs are made in a new folder below it, which is removed; the system's one for such where empty
	Log     *slog.Logger
	GPU     limits.GPU // that workloads compute on; nil without one

	Absent     []Absent // peers that are not compared with
	Highlights []string // workloads that the report names in short, the first result of each

	// Keep is called with what there is after each workload but the last, Partial set: what was measured outlives a run
	// that is interrupted or killed. May be nil.
	Keep func(*Report) error
}

// limitRounds is how often the limits are measured before the first workload.
const limitRounds = 5

// Run measures the limits of the machine and the workloads. A workload that fails has no result, and the run goes on; the
// report is also returned beside the errors, and Partial then where ctx ended the run. Errors: ErrWrong for a workload that
// computed a wrong result, ErrOption, what workloads and Keep return, ctx's cause.
func Run(ctx context.Context, list []Workload, opt Options) (_ *Report, err error) {
	if opt.Threads < 1 || opt.Count < 1 {
		return nil, fmt.Errorf("%w: %d threads, %d samples: both must be at least 1", ErrOption, opt.Threads, opt.Count)
	}
	dir, err := os.MkdirTemp(opt.Dir, "longfirst-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	opt.Log.Info("measuring what this machine can do")
	meter, err := limits.NewMeter(dir, opt.Threads)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, meter.Close()) }()
	if opt.GPU != nil {
		meter.UseGPU(opt.GPU)
	}
	return run(ctx, list, opt, meter, systemClock, dir)
}

func run(ctx context.Context, list []Workload, opt Options, meter Meter, clock clock, dir string) (*Report, error) {
	r := &runner{
		sampler: &sampler{gauge: newGauge(meter), clock: clock, count: opt.Count, budget: opt.Budget, log: opt.Log},
		opt:     opt, list: list, begin: clock.now(),
		report: &Report{Program: opt.Program, Started: clock.now().UTC().Truncate(time.Second), Machine: thisMachine(), Threads: opt.Threads,
			Margin: Margin, Watched: coresAreWatched, Absent: opt.Absent},
	}
	for _, l := range machineLimits(opt.Threads, list) {
		if _, err := meter.Method(l); err != nil {
			r.report.Unmeasured = append(r.report.Unmeasured, Unmeasured{l.String(), err.Error()})
			continue
		}
		r.machine = append(r.machine, l)
	}
	for range limitRounds {
		if _, err := r.gauge.calibrate(ctx, r.machine); err != nil {
			return nil, err
		}
	}
	for i := range list {
		if err := r.workload(ctx, i, filepath.Join(dir, fmt.Sprint(i))); err != nil {
			r.finish(fmt.Sprintf("%d of %d workloads", i, len(list)))
			return r.report, err
		}
	}
	r.finish("")
	return r.report, errors.Join(r.failed...)
}

// runner runs a list of workloads and fills a report.
type runner struct {
	*sampler
	opt     Options
	list    []Workload
	begin   time.Time
	machine []limits.Limit // measured between workloads
	ran     []Workload     // of the report's results
	report  *Report
	failed  []error
}

// workload measures number i of the list. An error ends the run.
func (r *runner) workload(ctx context.Context, i int, dir string) error {
	w := r.list[i]
	if r.opt.Total > 0 {
		left := r.opt.Total - r.clock.now().Sub(r.begin)
		r.budget = min(r.opt.Budget, left/time.Duration(len(r.list)-i))
	}
	result := newResult(w)
	if r.budget <= 0 {
		result.failure = "not measured: no time left"
	} else if err := r.measure(ctx, w, result, dir); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		if errors.Is(err, ErrPeer) {
			r.opt.Log.Warn("not compared", "workload", Label(w), "error", err)
			r.report.Absent = append(r.report.Absent, Absent{Label(w), err.Error()})
			return nil
		}
		r.opt.Log.Error("a workload failed", "workload", Label(w), "error", err)
		result.failure = "FAILED: " + err.Error()
		r.failed = append(r.failed, err)
	}
	r.report.Results, r.ran = append(r.report.Results, result), append(r.ran, w)
	if i == len(r.list)-1 {
		return nil
	}
	if _, err := r.gauge.calibrate(ctx, r.machine); err != nil {
		return err
	}
	if r.opt.Keep == nil {
		return nil
	}
	r.finish(fmt.Sprintf("%d of %d workloads", i+1, len(r.list)))
	return r.opt.Keep(r.report)
}

// finish judges all results by what is known now, and completes the report.
func (r *runner) finish(partial string) {
	p := r.report
	for i, result := range p.Results {
		w := r.ran[i]
		result.judge(r.gauge, w.Limits(), r.opt.Count)
		if result.Nothing == "" {
			result.Sentence = w.Sentence(result)
		}
	}
	p.Limits = p.Limits[:0]
	for _, l := range r.gauge.order {
		how, _ := r.gauge.meter.Method(l) // it was measured
		p.Limits = append(p.Limits, LimitResult{l, l.String(), how, r.gauge.best[l], Summarize(l.Kind.Unit(), r.gauge.rates[l])})
	}
	p.Partial = partial
	p.Lines = p.inShort(r.opt.Highlights)
	p.Seconds = r.clock.now().Sub(r.begin).Seconds()
}

// newResult is a result without samples.
func newResult(w Workload) *Result {
	r := &Result{Workload: w.Name(), Case: w.Case(), Shows: w.Shows()}
	if v, ok := w.(Versus); ok {
		r.Peer = v.Peer()
	}
	for _, l := range w.Limits() {
		r.Limits = append(r.Limits, l.String())
	}
	return r
}

// measure prepares a workload, takes its samples, and closes it.
func (s *sampler) measure(ctx context.Context, w Workload, r *Result, dir string) (err error) {
	s.log.Info("preparing " + Label(w))
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if err := w.Prepare(ctx, dir); err != nil {
		return fmt.Errorf("%s: %w", Label(w), err)
	}
	r.Samples, err = s.collect(ctx, w)
	return err
}

// machineLimits lists the limits to measure before, between and after the workloads: of one thread and of all, and those that workloads are compared with.
func machineLimits(threads int, list []Workload) []limits.Limit {
	var all []limits.Limit
	add := func(l limits.Limit) {
		if !slices.Contains(all, l) {
			all = append(all, l)
		}
	}
	for _, kind := range []limits.Kind{limits.FMA, limits.MemoryRead, limits.MemoryCopy, limits.FileRead, limits.DiskRead} {
		add(limits.Limit{Kind: kind, Threads: 1})
		add(limits.Limit{Kind: kind, Threads: threads})
	}
	for _, w := range list {
		for _, l := range w.Limits() {
			add(l)
		}
	}
	return all
}
