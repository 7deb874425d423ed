package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"longfirst/bench"
)

// curve is a figure over a number that a case counts.
type curve struct {
	Title, XName, YName string
	Points              []point
	Path                string // through the points
	Ideal               string // path of a rate that grows with the number, "" for a time
	Width, Height       float64
	Left, Bottom        float64 // of the axes
	YTicks, XTicks      []tick
}

type point struct {
	n         float64
	median    float64
	low, high float64

	X, Y, Low, High float64
	Text            string
	Steady          bool
}

// counted are the keys of cases that curves are drawn over.
var counted = map[string]string{"workers": "worker processes", "world": "world size", "length": "residues of each sequence"}

// proportional are those that a rate can at best grow as fast as.
var proportional = map[string]bool{"workers": true}

const (
	curveWidth, curveHeight   = 370.0, 230.0
	curveLeft, curveBottom    = 62.0, 190.0
	curveTop, curveRightSpace = 22.0, 24.0
	curveInset                = 26.0 // of the first point: its text must not lie on the numbers of the axis
)

// curves draws the results that differ in nothing but such a number, where there are several.
func curves(r *bench.Report) []*curve {
	var order []string
	groups := map[string][]*bench.Result{}
	for _, result := range r.Results {
		key, _, rest, ok := countedCase(result)
		if !ok || result.Nothing != "" {
			continue
		}
		id := result.Workload + "\x00" + key + "\x00" + rest
		if groups[id] == nil {
			order = append(order, id)
		}
		groups[id] = append(groups[id], result)
	}
	var list []*curve
	for _, id := range order {
		if len(groups[id]) > 1 {
			list = append(list, newCurve(groups[id]))
		}
	}
	return list
}

// countedCase takes the counted number out of a case.
func countedCase(r *bench.Result) (key string, n float64, rest string, ok bool) {
	var others []string
	for _, f := range fields(r.Case) {
		if v, err := strconv.Atoi(f.value); err == nil && counted[f.key] != "" && v > 0 {
			key, n, ok = f.key, float64(v), true
		} else {
			others = append(others, f.words())
		}
	}
	return key, n, strings.Join(others, ", "), ok
}

func newCurve(results []*bench.Result) *curve {
	key, _, rest, _ := countedCase(results[0])
	unit := results[0].Main().Unit
	c := &curve{Title: strings.ReplaceAll(results[0].Workload, "-", " ") + ", " + rest, XName: counted[key], YName: unit,
		Width: curveWidth, Height: curveHeight, Left: curveLeft, Bottom: curveBottom}
	var top float64
	for _, r := range results {
		_, n, _, _ := countedCase(r)
		p := point{n: n, median: r.Main().Median, Steady: r.Steady}
		p.low, p.high = extent(r.Values(unit))
		top = math.Max(top, p.high)
		c.Points = append(c.Points, p)
	}
	slices.SortFunc(c.Points, func(a, b point) int { return cmp.Compare(a.n, b.n) })
	first, last := c.Points[0], c.Points[len(c.Points)-1]
	ideal := func(n float64) float64 { return first.median * n / first.n }
	rate := proportional[key] && !bench.LowerIsBetter(unit)
	if rate {
		top = math.Max(top, ideal(last.n))
	}
	top = roundUp(top)
	// Both numbers double from one case to the next.
	x := func(n float64) float64 {
		return curveLeft + curveInset + math.Log2(n/first.n)/math.Log2(last.n/first.n)*(curveWidth-curveLeft-curveInset-curveRightSpace)
	}
	y := func(v float64) float64 { return curveBottom - v/top*(curveBottom-curveTop) }
	var path, straight []string
	for i := range c.Points {
		p := &c.Points[i]
		p.X, p.Y, p.Low, p.High = x(p.n), y(p.median), y(p.low), y(p.high)
		p.Text = Number(p.median)
		path = append(path, fmt.Sprintf("%.1f,%.1f", p.X, p.Y))
		straight = append(straight, fmt.Sprintf("%.1f,%.1f", p.X, y(ideal(p.n))))
		c.XTicks = append(c.XTicks, tick{p.X, fmt.Sprint(p.n)})
	}
	c.Path = strings.Join(path, " ")
	if rate {
		c.Ideal = strings.Join(straight, " ")
	}
	for _, part := range []float64{0, 0.5, 1} {
		c.YTicks = append(c.YTicks, tick{y(part * top), Number(part * top)})
	}
	return c
}

// roundUp returns the next number above v that begins with 1, 2, 4 or 6 and ends in zeros.
func roundUp(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, n := range []float64{1, 2, 4, 6} {
		if v <= n*unit {
			return n * unit
		}
	}
	return 10 * unit
}
