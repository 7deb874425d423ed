package bench

import (
	"context"
	"log/slog"
	"time"

	"longfirst/bench/limits"
)

var (
	fastLimit  = limits.Limit{Kind: limits.FMA, Threads: 2}
	otherLimit = limits.Limit{Kind: limits.MemoryRead, Threads: 1}
)

// fakeMeter gives the rates of a list, the last one for ever.
type fakeMeter struct{ rates []float64 }

func (m *fakeMeter) Measure(limits.Limit, time.Duration) (float64, error) {
	rate := m.rates[0]
	if len(m.rates) > 1 {
		m.rates = m.rates[1:]
	}
	return rate, nil
}

// fakeClock stands still but where a workload moves it.
type fakeClock struct {
	wall time.Time
	cpu  time.Duration
}

func (c *fakeClock) clock() clock {
	return clock{func() time.Time { return c.wall }, func() time.Duration { return c.cpu }}
}

// fakeWorkload takes some seconds a run and works through 600 units.
type fakeWorkload struct {
	name    string
	clock   *fakeClock
	seconds []float64 // of each run, the last one for ever
	of      []limits.Limit
	limits  []limits.Limit
	wrong   error // what Check returns
	onCheck func()
	checks  int
	closed  bool
}

func newFake(c *fakeClock, seconds ...float64) *fakeWorkload {
	return &fakeWorkload{name: "fake", clock: c, seconds: seconds, of: []limits.Limit{fastLimit}, limits: []limits.Limit{fastLimit}}
}

func (w *fakeWorkload) Name() string                          { return w.name }
func (w *fakeWorkload) Case() string                          { return "size=600" }
func (w *fakeWorkload) Shows() string                         { return "nothing" }
func (w *fakeWorkload) Limits() []limits.Limit                { return w.limits }
func (w *fakeWorkload) Prepare(context.Context, string) error { return nil }
func (w *fakeWorkload) Sentence(*Result) string               { return "It ran." }
func (w *fakeWorkload) Close() error                          { w.closed = true; return nil }

func (w *fakeWorkload) Run(context.Context) error {
	seconds := w.seconds[0]
	if len(w.seconds) > 1 {
		w.seconds = w.seconds[1:]
	}
	d := time.Duration(seconds * float64(time.Second))
	w.clock.wall = w.clock.wall.Add(d)
	w.clock.cpu += 2 * d
	return nil
}

func (w *fakeWorkload) Figures(e Elapsed) []Figure {
	return []Figure{PerSecond("GFLOP/s", 600, e.Wall, w.of...), PerSecond("units/cpu-s", 600, e.CPU)}
}

func (w *fakeWorkload) Check(context.Context) error {
	w.checks++
	if w.onCheck != nil {
		w.onCheck()
	}
	return w.wrong
}

func fakeSampler(m *fakeMeter, c *fakeClock, count int, budget time.Duration) *sampler {
	return &sampler{gauge: newGauge(m), clock: c.clock(), count: count, budget: budget, log: slog.New(slog.DiscardHandler)}
}
