package report

import "time"

// clock measures time in which a run was active: the pauses between runs are left out.
type clock struct{ spans []span }

type span struct {
	from, to time.Time
	before   float64 // seconds of the spans before
}

func newClock(runs []*run) *clock {
	c := &clock{}
	for _, r := range runs { // sorted by their beginning
		if n := len(c.spans); n > 0 && !r.From.After(c.spans[n-1].to) {
			if last := &c.spans[n-1]; r.To.After(last.to) {
				last.to = r.To
			}
			continue
		}
		c.spans = append(c.spans, span{from: r.From, to: r.To, before: c.total()})
	}
	return c
}

// total returns the seconds of all spans.
func (c *clock) total() float64 {
	if len(c.spans) == 0 {
		return 0
	}
	last := c.spans[len(c.spans)-1]
	return last.before + last.to.Sub(last.from).Seconds()
}

// at returns the active seconds before a time.
func (c *clock) at(t time.Time) float64 {
	var seconds float64
	for _, s := range c.spans {
		if t.Before(s.from) {
			break
		}
		if t.After(s.to) {
			seconds = s.before + s.to.Sub(s.from).Seconds()
			continue
		}
		return s.before + t.Sub(s.from).Seconds()
	}
	return seconds
}

// pauses returns where, in active seconds, runs after the first began.
func (c *clock) pauses() (at []float64) {
	for _, s := range c.spans[min(1, len(c.spans)):] {
		at = append(at, s.before)
	}
	return at
}
