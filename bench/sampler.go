package bench

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"time"

	"longfirst/bench/limits"
)

// clock tells wall time, the CPU time of the process, and what the cores do.
type clock struct {
	now   func() time.Time
	cpu   func() time.Duration
	cores func() coreTimes
}

var systemClock = clock{time.Now, cpuTime, readCores}

// triesPerSample is how many samples are taken, within the budget, for each that should be unmarked.
const triesPerSample = 3

// overrun is how many times the budget may be spent on the first MinSamples, without which there is no result.
const overrun = 3

// sampler takes the samples of a workload.
type sampler struct {
	gauge  *gauge
	clock  clock
	count  int           // unmarked samples wanted; at most three times as many are taken
	budget time.Duration // no sample is begun that would end later than this, but the first; see overrun
	log    *slog.Logger
}

// collect takes samples of a prepared workload until enough are unmarked.
func (s *sampler) collect(ctx context.Context, w Workload) ([]Sample, error) {
	list := w.Limits()
	begin := s.clock.now()
	var samples []Sample
	for {
		sample, err := s.take(ctx, w, list)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", Label(w), err)
		}
		samples = append(samples, sample)
		unmarked := s.gauge.mark(list, samples)
		s.log.Info("sample of "+Label(w), "number", len(samples), "seconds", fmt.Sprintf("%.3f", sample.WallSeconds),
			"lost_to_others", fmt.Sprintf("%.0f %%", 100*sample.Lost), "unmarked", unmarked, "wanted", s.count)
		spent := s.clock.now().Sub(begin)
		next := spent / time.Duration(len(samples))
		budget := s.budget
		if len(samples) < min(s.count, MinSamples) {
			budget *= overrun
		}
		switch {
		case unmarked >= s.count || len(samples) >= triesPerSample*s.count:
			return samples, nil
		case spent+next > budget:
			s.log.Info("no time for more samples of "+Label(w), "taken", len(samples), "unmarked", unmarked, "wanted", s.count)
			return samples, nil
		}
	}
}

// take takes one sample between two calibrations.
func (s *sampler) take(ctx context.Context, w Workload, list []limits.Limit) (Sample, error) {
	runtime.GC() // what was done before is not this sample's garbage
	var sample Sample
	var err error
	if sample.Before, err = s.gauge.calibrate(ctx, list); err != nil {
		return sample, err
	}
	cores, wall, cpu := s.clock.cores(), s.clock.now(), s.clock.cpu()
	if err := w.Run(ctx); err != nil {
		return sample, err
	}
	elapsed := Elapsed{CPU: s.clock.cpu() - cpu, Wall: s.clock.now().Sub(wall)}
	sample.Lost = cores.lost(s.clock.cores(), elapsed, threadsOf(list))
	if sample.After, err = s.gauge.calibrate(ctx, list); err != nil {
		return sample, err
	}
	if err := w.Check(ctx); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return sample, cause
		}
		return sample, fmt.Errorf("%w: %w", ErrWrong, err)
	}
	sample.WallSeconds, sample.CPUSeconds = elapsed.Wall.Seconds(), elapsed.CPU.Seconds()
	sample.figures = append([]Figure{{Unit: "ns/op", Value: float64(elapsed.Wall.Nanoseconds())}}, w.Figures(elapsed)...)
	for _, f := range sample.figures {
		for _, l := range f.Of {
			if !slices.Contains(list, l) {
				return sample, fmt.Errorf("%w: a share of %s, which is none of the workload's limits", ErrOption, l)
			}
		}
	}
	return sample, nil
}

// threadsOf returns how many threads a workload has that is compared with these limits.
func threadsOf(list []limits.Limit) int {
	n := 1
	for _, l := range list {
		n = max(n, l.Threads)
	}
	return n
}
