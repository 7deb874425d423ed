// Package compare tells whether a change made a workload faster or slower: two sides, A before the change and B after it,
// each one report of the benchmark harness or several.
//
// Results are compared by the figure that their workload is about, where workload and case are the same on both sides. A
// change counts only outside the measured spread: when every value of one side lies beyond every value of the other.
// Fewer than bench.MinSamples values on a side have no spread to speak of, and nothing is concluded from them.
package compare

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"longfirst/bench"
)

// ErrNothing is returned where the two sides have no result in common.
var ErrNothing = errors.New("nothing to compare")

// Verdict says what became of a workload.
type Verdict string

// The verdicts.
const (
	Faster  Verdict = "faster"
	Slower  Verdict = "SLOWER"
	Same    Verdict = "no change" // outside the spread
	TooFew  Verdict = "too few samples"
	Missing Verdict = "only on one side"
)

// Side is what one side measured of a workload.
type Side struct {
	bench.Summary
	Low, High float64
	Unsteady  bool // not all of its samples were taken on a quiet machine
}

// Line compares a workload.
type Line struct {
	Label   string
	Unit    string
	A, B    Side
	Change  float64 // of the median, as a share of A's: 0.1 is a tenth more; 0 where a side has too little
	Verdict Verdict
}

// Comparison is the whole of it.
type Comparison struct {
	Lines    []Line
	Machines []string // more than one: rates say little about the program
}

// Load reads a side: a results folder, a JSON file, or a folder of JSON files.
func Load(path string) ([]*bench.Report, error) {
	names, err := filepath.Glob(filepath.Join(path, "*.json"))
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() || len(names) == 0 {
		names = []string{path}
	}
	var reports []*bench.Report
	for _, name := range names {
		r, err := bench.Load(name)
		if err != nil {
			return nil, err
		}
		reports = append(reports, r)
	}
	return reports, nil
}

// Compare compares two sides. Errors: ErrNothing.
func Compare(a, b []*bench.Report) (*Comparison, error) {
	c := new(Comparison)
	sides := [2]map[string]*pool{gather(a), gather(b)}
	for _, r := range slices.Concat(a, b) {
		if name := fmt.Sprintf("%s, %d cores, %d threads", r.Machine.CPU, r.Machine.Cores, r.Threads); !slices.Contains(c.Machines, name) {
			c.Machines = append(c.Machines, name)
		}
		for _, result := range r.Results {
			label := result.Label()
			if !slices.ContainsFunc(c.Lines, func(l Line) bool { return l.Label == label }) {
				c.Lines = append(c.Lines, compare(label, sides[0][label], sides[1][label]))
			}
		}
	}
	if !slices.ContainsFunc(c.Lines, func(l Line) bool { return l.Verdict != Missing }) {
		return nil, fmt.Errorf("%w: the two sides have no workload and case in common", ErrNothing)
	}
	return c, nil
}

// pool is what all reports of a side measured of a workload.
type pool struct {
	unit     string
	values   []float64
	unsteady bool
}

func gather(reports []*bench.Report) map[string]*pool {
	pools := map[string]*pool{}
	for _, r := range reports {
		for _, result := range r.Results {
			p := pools[result.Label()]
			if p == nil {
				p = new(pool)
				pools[result.Label()] = p
			}
			if result.Nothing != "" {
				continue
			}
			p.unit = cmp.Or(p.unit, result.Main().Unit)
			p.values = append(p.values, result.Values(p.unit)...)
			p.unsteady = p.unsteady || !result.Steady
		}
	}
	return pools
}

func compare(label string, a, b *pool) Line {
	l := Line{Label: label, Verdict: Missing}
	if a != nil {
		l.Unit, l.A = a.unit, a.side()
	}
	if b != nil {
		l.Unit, l.B = b.unit, b.side()
	}
	if a == nil || b == nil || len(a.values) > 0 && len(b.values) > 0 && a.unit != b.unit {
		return l
	}
	l.Unit = cmp.Or(a.unit, b.unit)
	if min(len(a.values), len(b.values)) < bench.MinSamples {
		l.Verdict = TooFew
		return l
	}
	l.Change = l.B.Median/l.A.Median - 1
	if bench.LowerIsBetter(l.Unit) {
		l.Verdict = judge(l.B, l.A)
	} else {
		l.Verdict = judge(l.A, l.B)
	}
	return l
}

// judge tells whether the second of two sides is better, larger values being better.
func judge(before, after Side) Verdict {
	switch {
	case after.Low > before.High:
		return Faster
	case after.High < before.Low:
		return Slower
	}
	return Same
}

func (p *pool) side() Side {
	if len(p.values) == 0 {
		return Side{}
	}
	return Side{bench.Summarize(p.unit, p.values), slices.Min(p.values), slices.Max(p.values), p.unsteady}
}

// Changed counts the workloads that became faster and slower.
func (c *Comparison) Changed() (faster, slower int) {
	for _, l := range c.Lines {
		switch l.Verdict {
		case Faster:
			faster++
		case Slower:
			slower++
		}
	}
	return faster, slower
}

// Sorted returns the lines, what changed first, the largest change on top.
func (c *Comparison) Sorted() []Line {
	rank := func(l Line) int {
		return slices.Index([]Verdict{Slower, Faster, Same, TooFew, Missing}, l.Verdict)
	}
	return slices.SortedStableFunc(slices.Values(c.Lines), func(a, b Line) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), -cmp.Compare(max(a.Change, -a.Change), max(b.Change, -b.Change)))
	})
}
