package page

import (
	"math"
	"strings"

	"longfirst/bench"
	"longfirst/infer/report/look"
)

// ratioChart shows the peers of one job on a logarithmic axis.
type ratioChart struct {
	Title         string
	Rows          []ratioRow
	Width, Height float64
	Bottom        float64 // of the axis
	Even          float64 // where both take the same time
	Ticks         []tick
}

type ratioRow struct {
	Peer, Value   string
	Y             float64
	X             float64 // median
	Low, High     float64 // of the pairs
	Pairs         int
	Steady, Loses bool // the peer takes less time
}

// Where the axis of a ratio chart begins and ends; names stand left of it, values right.
const (
	ratioLeft  = 230.0
	ratioRight = chartWidth - 90
	ratioRow0  = 26.0
)

// jobTitles say what the workloads that compare peers are about, in the order they are shown.
var jobTitles = []struct{ workload, title string }{
	{"versus-index", "Index a FASTA file the first time"},
	{"versus-reuse", "Open an index that is there"},
	{"versus-read", "Read all sequences longest first"},
	{"versus-get", "Get 100,000 records by their ids"},
	{"versus-embed", "Embed with the same weights"},
}

// ratios draws a chart for every job, model and number of threads that were compared, all on the same kind of axis.
func ratios(r *bench.Report) []*ratioChart {
	var charts []*ratioChart
	for _, job := range jobTitles {
		var order []string
		groups := map[string][]*bench.Result{}
		for _, result := range r.Results {
			if result.Workload == job.workload && result.Peer != "" && result.Nothing == "" {
				title := job.title + setting(result)
				if groups[title] == nil {
					order = append(order, title)
				}
				groups[title] = append(groups[title], result)
			}
		}
		for _, title := range order {
			charts = append(charts, newRatioChart(title, groups[title]))
		}
	}
	return charts
}

// setting says what duels of one job were fought with: model and threads, where the case names them.
func setting(r *bench.Result) string {
	var b strings.Builder
	for _, f := range fields(r.Case) {
		switch f.key {
		case "model":
			b.WriteString(", " + f.value)
		case "threads":
			b.WriteString(", " + plural(f.value, "thread"))
		}
	}
	return b.String()
}

func plural(n, noun string) string {
	if n == "1" {
		return "1 " + noun
	}
	return n + " " + noun + "s"
}

// Duel names what two programs did: "embed, esm2_t6_8M, 1 thread".
func Duel(r *bench.Result) string { return strings.TrimPrefix(r.Workload, "versus-") + setting(r) }

func newRatioChart(title string, results []*bench.Result) *ratioChart {
	first, last := 1.0, 1.0
	for _, result := range results {
		low, high := extent(result.Values(result.Main().Unit))
		first, last = math.Min(first, low), math.Max(last, high)
	}
	// Whole decades, so that every tick is a round number; at least one beyond the line of equal times.
	from, to := math.Floor(math.Log10(first)), math.Max(1, math.Ceil(math.Log10(last)))
	x := func(v float64) float64 { return ratioLeft + (math.Log10(v)-from)/(to-from)*(ratioRight-ratioLeft) }
	c := &ratioChart{Title: title, Width: chartWidth, Even: x(1), Bottom: ratioRow0 * float64(len(results))}
	c.Height = c.Bottom + 22
	for decade := from; decade <= to; decade++ {
		v := math.Pow(10, decade)
		c.Ticks = append(c.Ticks, tick{x(v), times(v)})
	}
	for i, result := range results {
		main := result.Main()
		low, high := extent(result.Values(main.Unit))
		c.Rows = append(c.Rows, ratioRow{
			Peer: PeerName(result), Value: Number(main.Median) + "×", Pairs: main.Samples, Y: ratioRow0*float64(i) + ratioRow0/2,
			X: x(main.Median), Low: x(low), High: x(high), Steady: result.Steady, Loses: main.Median < 1,
		})
	}
	return c
}

// PeerName tells several ways to use a program apart: the name in the case and the version.
func PeerName(r *bench.Result) string {
	version := r.Peer[strings.LastIndexByte(r.Peer, ' ')+1:]
	for _, f := range fields(r.Case) {
		if f.key == "peer" {
			return f.value + " " + version
		}
	}
	return r.Peer
}

// times writes a ratio on an axis.
func times(v float64) string {
	if v < 0.0995 {
		return look.Digits(100*v) + " %"
	}
	text, scale, _ := strings.Cut(Number(v), " ")
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if scale != "" {
		text += " " + scale
	}
	return text + "×"
}
