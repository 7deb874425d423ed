package bench

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"longfirst/bench/limits"
)

const longBudget = time.Hour

func marks(samples []Sample) string {
	s := ""
	for _, sample := range samples {
		if sample.Starved {
			s += "X"
		} else if sample.Marked {
			s += "x"
		} else {
			s += "."
		}
	}
	return s
}

// Each sample has a calibration before it and one behind it.
func TestSamplesAreMarkedAndRepeated(t *testing.T) {
	for _, c := range []struct {
		name   string
		rates  []float64
		want   string
		steady bool
	}{
		{"steady", []float64{100}, "...", true},
		{"slow behind the second", []float64{100, 100, 100, 80, 100}, ".x..", true},
		{"slow before the second", []float64{100, 100, 80, 100}, ".x..", true},
		{"just within the margin", []float64{100, 90, 90, 90}, "...", true},
		{"just outside the margin", []float64{100, 100, 89.9, 89.9, 100}, ".x..", true},
		{"the best comes last", []float64{50, 50, 50, 50, 100}, "xx...", true},
		{"the best comes behind the third", []float64{50, 50, 50, 50, 50, 100}, "xxx...", true},
		{"never good again", []float64{100, 100, 60}, ".xxxxxxxx", false},
		{"at half speed", []float64{100, 100, 50, 100, 49, 100}, ".xX..", true},
	} {
		clock := new(fakeClock)
		s := fakeSampler(&fakeMeter{c.rates}, clock, 3, longBudget)
		w := newFake(clock, 1)
		samples, err := s.collect(context.Background(), w)
		if err != nil {
			t.Fatal(err)
		}
		r := &Result{Samples: samples}
		r.judge(s.gauge, w.limits, 3)
		if got := marks(samples); got != c.want {
			t.Errorf("%s: marks %s, want %s", c.name, got, c.want)
		}
		if r.Steady != c.steady {
			t.Errorf("%s: steady is %t", c.name, r.Steady)
		}
		if w.checks != len(samples) {
			t.Errorf("%s: %d of %d samples were checked", c.name, w.checks, len(samples))
		}
	}
}

func TestOnlyUnmarkedSamplesCount(t *testing.T) {
	clock := new(fakeClock)
	// 600 units in 6, 60, 6 and 3 seconds: the second run was disturbed.
	s := fakeSampler(&fakeMeter{[]float64{1000, 1000, 1000, 400, 1000}}, clock, 3, longBudget)
	w := newFake(clock, 6, 60, 6, 3)
	samples, err := s.collect(context.Background(), w)
	if err != nil {
		t.Fatal(err)
	}
	r := &Result{Samples: samples}
	r.judge(s.gauge, w.limits, 3)
	want := []Summary{
		{"ns/op", 6e9, 0.5, 3},
		{"GFLOP/s", 100, 1, 3}, // 100, 100, 200
		{"%peak", 10, 1, 3},    // of the best, 1000
		{"units/cpu-s", 50, 1, 3},
	}
	if diff := cmp.Diff(want, r.Summaries); diff != "" {
		t.Error(diff)
	}
	if len(r.Counting()) != 3 || r.Marked() != 1 || !r.Steady {
		t.Errorf("%d count, %d marked, steady %t", len(r.Counting()), r.Marked(), r.Steady)
	}
	if got, want := r.Samples[1].Before[0], 1000.0; got != want {
		t.Errorf("calibration before the second sample is %v, want %v", got, want)
	}
}

// Others that come and go between two calibrations are seen by what the cores did.
func TestSamplesThatLoseTheirCoresAreMarked(t *testing.T) {
	clock := new(fakeClock)
	s := fakeSampler(&fakeMeter{[]float64{100}}, clock, 3, longBudget)
	w := newFake(clock, 1)
	w.taken = []float64{0, 0.09, 0.11, 0.6, 0}
	samples, err := s.collect(context.Background(), w)
	if err != nil {
		t.Fatal(err)
	}
	if got := marks(samples); got != "..xX." {
		t.Errorf("marks %s; lost %v", got, samples[3].Lost)
	}
}

// A figure that rests on one starved sample would be no figure.
func TestTooFewSamplesAreNoResult(t *testing.T) {
	for _, c := range []struct {
		name    string
		rates   []float64
		wanted  int
		seconds float64 // of a run; 30 is the budget
		nothing string
		counts  int
		steady  bool
	}{
		{"three of five", []float64{100}, 5, 10, "", 3, true},
		{"two of five", []float64{100}, 5, 45, "not measured: no time, 2 of 3 samples", 0, false},
		{"one was all that was asked for", []float64{100}, 1, 45, "", 1, true},
		{"starved throughout", []float64{100, 40}, 5, 10, "not measured: machine busy, 3 of 3 samples starved", 0, false},
		{"starved but for three", append(slices.Repeat([]float64{100, 40}, 6), 80), 5, 1, "", 9, false},
		{"three good ones", append(slices.Repeat([]float64{100, 40}, 12), 100), 5, 1, "", 3, true},
		{"slow throughout", []float64{100, 60}, 5, 10, "", 3, false},
	} {
		clock := new(fakeClock)
		w := newFake(clock, c.seconds)
		s := fakeSampler(&fakeMeter{c.rates}, clock, c.wanted, 30*time.Second)
		samples, err := s.collect(context.Background(), w)
		if err != nil {
			t.Fatal(err)
		}
		r := &Result{Samples: samples}
		r.judge(s.gauge, w.limits, c.wanted)
		if r.Nothing != c.nothing || len(r.Counting()) != c.counts || r.Steady != c.steady {
			t.Errorf("%s: marks %s: %q, %d count, steady %t", c.name, marks(samples), r.Nothing, len(r.Counting()), r.Steady)
		}
		if (len(r.Summaries) == 0) != (c.nothing != "") {
			t.Errorf("%s: %+v", c.name, r.Summaries)
		}
	}
}

func TestBudgetEndsSampling(t *testing.T) {
	for _, c := range []struct {
		seconds, budget float64
		want            int
	}{
		{10, 3, 1},   // the first sample is always taken
		{10, 9, 2},   // a third would end at 30, beyond three times the budget
		{10, 10, 3},  // three are needed
		{10, 39, 3},  // a fourth would end at 40
		{10, 40, 4},  // as many as fit
		{10, 300, 4}, // enough are unmarked
	} {
		clock := new(fakeClock)
		s := fakeSampler(&fakeMeter{[]float64{100}}, clock, 4, time.Duration(c.budget*float64(time.Second)))
		samples, err := s.collect(context.Background(), newFake(clock, c.seconds))
		if err != nil || len(samples) != c.want {
			t.Errorf("%v s a sample, budget %v s: %d samples, %v; want %d", c.seconds, c.budget, len(samples), err, c.want)
		}
	}
}

func TestAnyLimitOfAWorkloadMarks(t *testing.T) {
	clock := new(fakeClock)
	w := newFake(clock, 1)
	w.limits = []limits.Limit{fastLimit, otherLimit}
	// fast and other, before and behind each sample: other, which may be slower, is too slow behind the second.
	s := fakeSampler(&fakeMeter{[]float64{100, 10, 100, 7.6, 100, 10, 100, 7.4, 100, 10, 100, 10}}, clock, 2, longBudget)
	samples, err := s.collect(context.Background(), w)
	if err != nil || marks(samples) != ".x." {
		t.Errorf("marks %s, %v", marks(samples), err)
	}
}

func TestWrongResultEndsTheRun(t *testing.T) {
	clock := new(fakeClock)
	w := newFake(clock, 1)
	w.wrong = errors.New("row 7 is off")
	_, err := fakeSampler(&fakeMeter{[]float64{100}}, clock, 3, longBudget).collect(context.Background(), w)
	if !errors.Is(err, ErrWrong) || !errors.Is(err, w.wrong) {
		t.Errorf("%v, want ErrWrong and the reason", err)
	}
}

func TestInterruptedCheckIsNotWrong(t *testing.T) {
	clock := new(fakeClock)
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := errors.New("stop")
	w := newFake(clock, 1)
	w.wrong = errors.New("half a result")
	w.onCheck = func() { cancel(stop) }
	_, err := fakeSampler(&fakeMeter{[]float64{100}}, clock, 3, longBudget).collect(ctx, w)
	if !errors.Is(err, stop) || errors.Is(err, ErrWrong) {
		t.Errorf("%v, want the context's cause", err)
	}
}

func TestShareOfAnUndeclaredLimit(t *testing.T) {
	clock := new(fakeClock)
	w := newFake(clock, 1)
	w.of = []limits.Limit{otherLimit}
	if _, err := fakeSampler(&fakeMeter{[]float64{100}}, clock, 1, longBudget).collect(context.Background(), w); !errors.Is(err, ErrOption) {
		t.Errorf("%v, want ErrOption", err)
	}
}

func TestNoTimeNoRate(t *testing.T) {
	clock := new(fakeClock)
	s := fakeSampler(&fakeMeter{[]float64{100}}, clock, 1, longBudget)
	w := newFake(clock, 0)
	samples, err := s.collect(context.Background(), w)
	if err != nil {
		t.Fatal(err)
	}
	r := &Result{Samples: samples}
	r.judge(s.gauge, w.limits, 1)
	if diff := cmp.Diff([]Value{{"ns/op", 0}}, r.Samples[0].Figures); diff != "" {
		t.Error(diff)
	}
}
