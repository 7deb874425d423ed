package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"longfirst/bench/limits"
)

func testOptions() Options {
	return Options{Program: "longfirst test", Threads: 2, Count: 2, Budget: time.Hour, Log: slog.New(slog.DiscardHandler)}
}

// A calibration beside a later workload may show that the machine was slow beside an earlier one.
func TestMarksAreJudgedAtTheEnd(t *testing.T) {
	clock := new(fakeClock)
	first, second := newFake(clock, 1), newFake(clock, 1)
	second.name = "second"
	// first takes two samples; then the limits of the machine but the disk's, which has none, are measured again
	rates := slices.Repeat([]float64{50}, limitRounds*8+4+8)
	r, err := run(context.Background(), []Workload{first, second}, testOptions(), &fakeMeter{append(rates, 100)}, clock.clock(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if got := marks(r.Results[0].Samples); got != "xx" || r.Results[0].Steady {
		t.Errorf("first: marks %s, steady %t", got, r.Results[0].Steady)
	}
	if got := marks(r.Results[1].Samples); got != ".." || !r.Results[1].Steady {
		t.Errorf("second: marks %s, steady %t", got, r.Results[1].Steady)
	}
	if share := r.Results[0].Find("%peak").Median; share != 600 {
		t.Errorf("first: a share of %v %%, want 600 of the best", share)
	}
	for _, l := range r.Limits {
		if want := map[bool]float64{true: 100, false: 50}[l.Limit == fastLimit]; l.Best != want {
			t.Errorf("%s: best %v, want %v", l.Name, l.Best, want)
		}
	}
	if !first.closed || !second.closed {
		t.Error("a workload was not closed")
	}
	if r.Results[0].Sentence != "It ran." || r.Seconds != 4 {
		t.Errorf("sentence %q, %v seconds", r.Results[0].Sentence, r.Seconds)
	}
}

// What is left of the time for the whole run is shared out among the workloads that are still to come.
func TestTotalIsSharedOut(t *testing.T) {
	clock := new(fakeClock)
	first, second := newFake(clock, 10), newFake(clock, 10)
	second.name = "second"
	opt := testOptions()
	opt.Count, opt.Total = 9, 80*time.Second
	r, err := run(context.Background(), []Workload{first, second}, opt, &fakeMeter{[]float64{1}}, clock.clock(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if a, b := len(r.Results[0].Samples), len(r.Results[1].Samples); a != 4 || b != 4 {
		t.Errorf("%d and %d samples of 10 s in 80 s, want 4 each", a, b)
	}
}

func TestLowerIsBetter(t *testing.T) {
	for unit, want := range map[string]bool{"ns/op": true, "ns/record": true, "ms/start": true, "s/run": true, "MB/s": false, "%peak": false, "records/s": false, "peer/own": false} {
		if LowerIsBetter(unit) != want {
			t.Errorf("%s: %t", unit, !want)
		}
	}
}

// A workload that fails has no result; the others have, and the run fails.
func TestFailureIsReportedAndTheRunGoesOn(t *testing.T) {
	clock := new(fakeClock)
	w, next := newFake(clock, 1), newFake(clock, 1)
	w.wrong, next.name = errors.New("row 7 is off"), "next"
	r, err := run(context.Background(), []Workload{w, next}, testOptions(), &fakeMeter{[]float64{1}}, clock.clock(), t.TempDir())
	if !errors.Is(err, ErrWrong) || !w.closed || !next.closed {
		t.Errorf("%v, closed %t, %t", err, w.closed, next.closed)
	}
	if got := r.Results[0]; !strings.HasPrefix(got.Nothing, "FAILED: ") || !strings.Contains(got.Nothing, "row 7 is off") || len(got.Counting()) > 0 {
		t.Errorf("%q, %d samples count", got.Nothing, len(got.Counting()))
	}
	if got := r.Results[1]; got.Nothing != "" || got.Main().Samples != 2 || r.Partial != "" {
		t.Errorf("next: %q, %+v; partial %q", got.Nothing, got.Main(), r.Partial)
	}
}

func TestPeerThatFailsIsAbsent(t *testing.T) {
	clock := new(fakeClock)
	w, next := newFake(clock, 1), newFake(clock, 1)
	w.fails, next.name = fmt.Errorf("%w: out of memory", ErrPeer), "next"
	r, err := run(context.Background(), []Workload{w, next}, testOptions(), &fakeMeter{[]float64{1}}, clock.clock(), t.TempDir())
	if err != nil || len(r.Results) != 1 || r.Results[0].Workload != "next" || r.Results[0].Sentence == "" {
		t.Fatalf("%+v, %v", r.Results, err)
	}
	if len(r.Absent) != 1 || r.Absent[0].Peer != "fake/size=600" || !strings.Contains(r.Absent[0].Why, "out of memory") {
		t.Errorf("%+v", r.Absent)
	}
}

// What was measured before the interruption is there, and was kept before.
func TestInterruptedRunKeepsWhatItHas(t *testing.T) {
	clock := new(fakeClock)
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := errors.New("stop")
	first, second, third := newFake(clock, 1), newFake(clock, 1), newFake(clock, 1)
	second.onCheck = func() { cancel(stop) }
	second.wrong = errors.New("half a result")
	opt := testOptions()
	var kept []string
	opt.Keep = func(r *Report) error {
		kept = append(kept, fmt.Sprintf("%s: %d, %s", r.Partial, len(r.Results), r.Results[0].Sentence))
		return nil
	}
	r, err := run(ctx, []Workload{first, second, third}, opt, &fakeMeter{[]float64{1}}, clock.clock(), t.TempDir())
	if !errors.Is(err, stop) || r == nil || r.Partial != "1 of 3 workloads" || len(r.Results) != 1 || r.Results[0].Main().Samples != 2 || len(r.Lines) == 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if len(kept) != 1 || kept[0] != "1 of 3 workloads: 1, It ran." {
		t.Errorf("kept: %v", kept)
	}
}

func TestFailingToKeepEndsTheRun(t *testing.T) {
	clock := new(fakeClock)
	opt := testOptions()
	full := errors.New("disk full")
	opt.Keep = func(*Report) error { return full }
	if r, err := run(context.Background(), []Workload{newFake(clock, 1), newFake(clock, 1)}, opt, &fakeMeter{[]float64{1}}, clock.clock(), t.TempDir()); !errors.Is(err, full) || r == nil {
		t.Errorf("%v", err)
	}
}

// Where all the time is spent, the workloads still to come are named as not measured.
func TestNoTimeLeft(t *testing.T) {
	clock := new(fakeClock)
	first, second := newFake(clock, 100), newFake(clock, 1)
	opt := testOptions()
	opt.Count, opt.Total = 1, 90*time.Second
	r, err := run(context.Background(), []Workload{first, second}, opt, &fakeMeter{[]float64{1}}, clock.clock(), t.TempDir())
	if err != nil || len(r.Results) != 2 || r.Results[1].Nothing != "not measured: no time left" || second.checks != 0 {
		t.Errorf("%+v, %v", r.Results, err)
	}
}

func TestMachineLimits(t *testing.T) {
	w := newFake(nil)
	w.limits = []limits.Limit{fastLimit, {Kind: limits.FileRead, Threads: 7}}
	list := machineLimits(2, []Workload{w})
	if len(list) != 11 || !slices.Contains(list, w.limits[1]) || len(slices.Compact(slices.Clone(list))) != 11 {
		t.Errorf("two threads: %v", list)
	}
	if list := machineLimits(1, nil); len(list) != 5 {
		t.Errorf("one thread: %v", list)
	}
}

func TestOptionsRefused(t *testing.T) {
	for _, change := range []func(*Options){func(o *Options) { o.Threads = 0 }, func(o *Options) { o.Count = 0 }} {
		opt := testOptions()
		change(&opt)
		if _, err := Run(context.Background(), nil, opt); !errors.Is(err, ErrOption) {
			t.Errorf("%+v: %v, want ErrOption", opt, err)
		}
	}
}

func TestSelect(t *testing.T) {
	a, b := newFake(nil), newFake(nil)
	a.name, b.name = "index-build", "infer-cpu"
	all := []Workload{a, b}
	for expression, want := range map[string][]Workload{"": all, "^in": all, "infer": {b}, "build/size": {a}} {
		if got, err := Select(all, expression); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q selects %d workloads, %v", expression, len(got), err)
		}
	}
	if _, err := Select(all, "gpu"); !errors.Is(err, ErrNoWorkload) {
		t.Errorf("%v, want ErrNoWorkload", err)
	}
	if _, err := Select(all, "("); !errors.Is(err, ErrOption) {
		t.Errorf("%v, want ErrOption", err)
	}
}

func TestCPUTimeGrows(t *testing.T) {
	begin := cpuTime()
	for deadline := time.Now().Add(10 * time.Second); cpuTime() == begin; {
		if time.Now().After(deadline) {
			t.Fatal("ten seconds of work took no CPU time")
		}
	}
}
