package page

import (
	"math"
	"strings"

	"longfirst/bench"
	"longfirst/bench/limits"
	"longfirst/infer/report/look"
)

// bar is a result as a share of a limit.
type bar struct {
	Label, Value, Share string
	Y                   float64
	Width               float64 // of the bar
	Low, High           float64 // ends of the spread
	Steady              bool
}

// barChart is a column of bars.
type barChart struct {
	Bars          []bar
	Width, Height float64
	Ticks         []tick
}

type tick struct {
	At   float64
	Text string
}

// Measures of the charts, in the units of their view boxes.
const (
	chartWidth = 760.0
	rowHeight  = 40.0
)

// shares draws every result that has a share of a limit, which those without samples that count don't. Shares beyond the limit end at the edge; the text tells them.
func shares(r *bench.Report) *barChart {
	c := &barChart{Width: chartWidth, Ticks: []tick{{0, "0"}, {chartWidth / 4, "25 %"}, {chartWidth / 2, "50 %"}, {chartWidth * 3 / 4, "75 %"}, {chartWidth, "100 %"}}}
	x := func(percent float64) float64 { return math.Min(percent, 100) / 100 * chartWidth }
	for _, result := range r.Results {
		s, ok := firstShare(result)
		if !ok {
			continue
		}
		low, high := extent(result.Values(s.Unit))
		c.Bars = append(c.Bars, bar{
			Label: Label(result), Value: Value(result.Main()), Share: look.Digits(s.Median) + " % of " + strings.TrimPrefix(s.Unit, "%"),
			Y: rowHeight * float64(len(c.Bars)), Width: x(s.Median), Low: x(low), High: x(high), Steady: result.Steady,
		})
	}
	c.Height = rowHeight*float64(len(c.Bars)) + 20
	return c
}

// firstShare returns the summary of the first share of a limit that a result has.
func firstShare(r *bench.Result) (bench.Summary, bool) {
	for _, s := range r.Summaries {
		for _, name := range r.Limits {
			if l, err := limits.Parse(name); err == nil && s.Unit == l.ShareUnit() {
				return s, true
			}
		}
	}
	return bench.Summary{}, false
}

func extent(values []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		low, high = math.Min(low, v), math.Max(high, v)
	}
	return low, high
}
