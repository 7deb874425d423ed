package bench

import (
	"context"
	"errors"
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

// Method knows no way to read a disk.
func (m *fakeMeter) Method(l limits.Limit) (string, error) {
	if l.Kind == limits.DiskRead {
		return "", errors.New("no disk")
	}
	return "", nil
}

// fakeClock stands still but where a workload moves it. There are two cores, and others use as much of them as they are said
// to; the rest is idle.
type fakeClock struct {
	wall   time.Time
	cpu    time.Duration
	others time.Duration
}

func (c *fakeClock) clock() clock {
	return clock{func() time.Time { return c.wall }, func() time.Duration { return c.cpu }, func() coreTimes {
		return coreTimes{cores: 2, idle: 2*c.wall.Sub(time.Time{}) - c.cpu - c.others}
	}}
}

// fakeWorkload takes some seconds a run and works through 600 units.
type fakeWorkload struct {
	name    string
	clock   *fakeClock
	seconds []float64 // of each run, the last one for ever
	of      []limits.Limit
	limits  []limits.Limit
	wrong   error // what Check returns
	fails   error // what Run returns
	onCheck func()
	checks  int
	closed  bool
	taken   []float64 // share of both cores that others take in each run, the last one for ever; may be empty
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
	taken := 0.0
	if len(w.taken) > 0 {
		taken = w.taken[0]
		w.taken = w.taken[min(1, len(w.taken)-1):]
	}
	w.clock.others += time.Duration(2 * float64(d) * taken)
	w.clock.cpu += time.Duration(2 * float64(d) * (1 - taken))
	return w.fails
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
