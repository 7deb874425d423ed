package bench

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"longfirst/bench/limits"
)

// Report is what a run of the harness found. Its JSON form is kept with results; fields are added, not changed.
type Report struct {
	Program string        `json:"program"`
	Started time.Time     `json:"started"`
	Seconds float64       `json:"seconds"` // the run took
	Machine Machine       `json:"machine"`
	Threads int           `json:"threads"`
	Margin  float64       `json:"margin"`
	Limits  []LimitResult `json:"limits"`
	Results []*Result     `json:"results"`
	Absent  []Absent      `json:"absent,omitempty"`
	Lines   []string      `json:"lines"` // the report in short

	Partial    string       `json:"partial,omitempty"`    // how far a run came that did not end
	Watched    string       `json:"watched,omitempty"`    // what told how much others ran during a sample
	Unmeasured []Unmeasured `json:"unmeasured,omitempty"` // limits
}

// Unmeasured is a limit that can't be measured here.
type Unmeasured struct {
	Limit string `json:"limit"`
	Why   string `json:"why"`
}

// Absent is a peer that could not be compared with.
type Absent struct {
	Peer string `json:"peer"`
	Why  string `json:"why"`
}

// LimitResult is a limit over all calibrations of the run.
type LimitResult struct {
	Limit limits.Limit `json:"-"`
	Name  string       `json:"limit"`
	How   string       `json:"how,omitempty"` // it is measured, where there are several ways
	Best  float64      `json:"best"`          // what shares are of
	Summary
}

// Result is what the samples of a workload give.
type Result struct {
	Workload  string    `json:"workload"`
	Case      string    `json:"case"`
	Peer      string    `json:"peer,omitempty"` // the other program and its version, where two are compared
	Shows     string    `json:"shows"`
	Sentence  string    `json:"sentence"`
	Headline  string    `json:"headline"`          // unit of the figure that the workload is about
	Steady    bool      `json:"steady"`            // enough samples are unmarked, and only they count
	Nothing   string    `json:"nothing,omitempty"` // why there is no result: nothing was measured, or it was wrong
	Limits    []string  `json:"limits"`            // that Before and After of the samples are rates of
	Summaries []Summary `json:"summaries"`
	Samples   []Sample  `json:"samples"`

	failure string // why there is no result, whatever the samples are
}

// Sample is one run of a workload.
type Sample struct {
	WallSeconds float64   `json:"wall_seconds"`
	CPUSeconds  float64   `json:"cpu_seconds"`
	Figures     []Value   `json:"figures"`
	Before      []float64 `json:"before"` // calibrations
	After       []float64 `json:"after"`
	Lost        float64   `json:"lost"` // share of the cores' time that others took while it ran
	Marked      bool      `json:"marked"`
	Starved     bool      `json:"starved,omitempty"` // and worth nothing

	figures []Figure // what Figures are made of
}

// Value is a number with its unit.
type Value struct {
	Unit  string  `json:"unit"`
	Value float64 `json:"value"`
}

// Summary is a value over several samples.
type Summary struct {
	Unit    string  `json:"unit"`
	Median  float64 `json:"median"`
	Spread  float64 `json:"spread"` // largest minus smallest, as a share of the median
	Samples int     `json:"samples"`
}

// Label names the result among others of a report.
func (r *Result) Label() string { return r.Workload + "/" + r.Case }

// Main returns the summary of the figure that the workload is about. Reports of early versions do not name it.
func (r *Result) Main() Summary {
	if r.Headline == "" && len(r.Summaries) > 0 {
		return r.Summaries[min(1, len(r.Summaries)-1)]
	}
	return r.Find(r.Headline)
}

// Values returns the values of a unit in the samples that count.
func (r *Result) Values(unit string) []float64 {
	var values []float64
	for _, s := range r.Counting() {
		for _, f := range s.Figures {
			if f.Unit == unit {
				values = append(values, f.Value)
			}
		}
	}
	return values
}

// Counting returns the samples that count: the unmarked ones, or of an unsteady result all that were not starved. A result
// that has too few of them has none.
func (r *Result) Counting() []Sample {
	if r.Nothing != "" {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.Samples), func(s Sample) bool { return s.Starved || s.Marked && r.Steady })
}

// Marked returns how many samples are marked.
func (r *Result) Marked() int { return count(r.Samples, func(s Sample) bool { return s.Marked }) }

// Find returns the summary of a unit, a zero one where the result has none.
func (r *Result) Find(unit string) Summary { return find(r.Summaries, unit) }

func find(list []Summary, unit string) Summary {
	for _, s := range list {
		if s.Unit == unit {
			return s
		}
	}
	return Summary{Unit: unit}
}

// MinSamples is how many samples a result rests on at least, unless fewer were asked for.
const MinSamples = 3

// judge marks the samples of a result and gives their shares by all calibrations of the run, decides which of them count,
// and sums them up.
func (r *Result) judge(g *gauge, list []limits.Limit, wanted int) {
	unmarked := g.mark(list, r.Samples)
	needed := min(wanted, MinSamples)
	r.Steady = unmarked >= needed
	r.Summaries, r.Headline = r.Summaries[:0], ""
	r.Nothing = cmp.Or(r.failure, r.tooFew(needed))
	var units []string
	for i := range r.Samples {
		r.Samples[i].share(g.best)
	}
	for _, s := range r.Counting() {
		for _, f := range s.Figures {
			if !slices.Contains(units, f.Unit) {
				units = append(units, f.Unit)
			}
		}
	}
	for _, unit := range units {
		r.Summaries = append(r.Summaries, Summarize(unit, r.Values(unit)))
	}
	if len(units) > 0 {
		// The figure that is about the workload stands behind the time of a run, and may have no value.
		r.Headline = units[min(1, len(units)-1)]
	}
}

// tooFew says why a result has fewer samples than it needs, or nothing.
func (r *Result) tooFew(needed int) string {
	switch starved := count(r.Samples, func(s Sample) bool { return s.Starved }); {
	case len(r.Samples)-starved >= needed:
		return ""
	case starved > 0:
		return fmt.Sprintf("not measured: machine busy, %d of %d samples starved", starved, len(r.Samples))
	default:
		return fmt.Sprintf("not measured: no time, %d of %d samples", len(r.Samples), needed)
	}
}

func count(samples []Sample, is func(Sample) bool) (n int) {
	for _, s := range samples {
		if is(s) {
			n++
		}
	}
	return n
}

// share puts the shares behind the figures they are of. Figures for which too little time passed are left out.
func (s *Sample) share(best map[limits.Limit]float64) {
	s.Figures = s.Figures[:0]
	for _, f := range s.figures {
		if math.IsInf(f.Value, 0) || math.IsNaN(f.Value) {
			continue
		}
		s.Figures = append(s.Figures, Value{f.Unit, f.Value})
		for _, l := range f.Of {
			s.Figures = append(s.Figures, Value{l.ShareUnit(), 100 * f.Value / best[l]})
		}
	}
}

// Summarize sums up at least one value.
func Summarize(unit string, values []float64) Summary {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	median := (sorted[(n-1)/2] + sorted[n/2]) / 2
	s := Summary{Unit: unit, Median: median, Samples: n}
	if median != 0 {
		s.Spread = (sorted[n-1] - sorted[0]) / median
	}
	return s
}

// WriteJSON writes the report for programs.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
