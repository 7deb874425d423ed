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
	Budget  time.Duration // for the samples of one workload; the first one is always taken
	Total   time.Duration // for the whole run, shared out among the workloads still to come; 0: not limited
	Dir     string        // inputs are made in a new folder below it, which is removed; the system's one for such where empty
	Log     *slog.Logger

	Absent     []Absent // peers that are not compared with
	Highlights []string // workloads that the report names in short, the first result of each
}

// limitRounds is how often the limits are measured before the first workload.
const limitRounds = 5

// Run measures the limits of the machine and the workloads. Errors: ErrWrong for a workload that computed a wrong result,
// ErrOption, what a workload returns, ctx's cause.
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
	return run(ctx, list, opt, meter, systemClock, dir)
}

func run(ctx context.Context, list []Workload, opt Options, meter Meter, clock clock, dir string) (*Report, error) {
	r := &Report{Program: opt.Program, Started: clock.now().UTC().Truncate(time.Second), Machine: thisMachine(), Threads: opt.Threads, Margin: Margin,
		Absent: opt.Absent}
	begin := clock.now()
	g := newGauge(meter)
	machine := machineLimits(opt.Threads, list)
	for range limitRounds {
		if _, err := g.calibrate(ctx, machine); err != nil {
			return nil, err
		}
	}
	s := &sampler{gauge: g, clock: clock, count: opt.Count, budget: opt.Budget, log: opt.Log}
	for i, w := range list {
		if opt.Total > 0 {
			left := opt.Total - clock.now().Sub(begin)
			s.budget = min(opt.Budget, left/time.Duration(len(list)-i))
		}
		result, err := s.measure(ctx, w, filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			return nil, err
		}
		r.Results = append(r.Results, result)
	}
	for i, w := range list {
		r.Results[i].judge(g, w.Limits(), opt.Count)
		r.Results[i].Sentence = w.Sentence(r.Results[i])
	}
	for _, l := range g.order {
		r.Limits = append(r.Limits, LimitResult{l, l.String(), g.best[l], Summarize(l.Kind.Unit(), g.rates[l])})
	}
	r.Lines = r.inShort(opt.Highlights)
	r.Seconds = clock.now().Sub(begin).Seconds()
	return r, nil
}

// measure prepares a workload, takes its samples, and closes it.
func (s *sampler) measure(ctx context.Context, w Workload, dir string) (_ *Result, err error) {
	s.log.Info("preparing " + Label(w))
	if err := os.Mkdir(dir, 0o777); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if err := w.Prepare(ctx, dir); err != nil {
		return nil, fmt.Errorf("%s: %w", Label(w), err)
	}
	r := &Result{Workload: w.Name(), Case: w.Case(), Shows: w.Shows()}
	if v, ok := w.(Versus); ok {
		r.Peer = v.Peer()
	}
	for _, l := range w.Limits() {
		r.Limits = append(r.Limits, l.String())
	}
	r.Samples, err = s.collect(ctx, w)
	return r, err
}

// machineLimits lists the limits to measure: of one thread and of all, and those that workloads are compared with.
func machineLimits(threads int, list []Workload) []limits.Limit {
	var all []limits.Limit
	add := func(l limits.Limit) {
		if !slices.Contains(all, l) {
			all = append(all, l)
		}
	}
	for _, kind := range []limits.Kind{limits.FMA, limits.MemoryRead, limits.MemoryCopy, limits.FileRead} {
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
