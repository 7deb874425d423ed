package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"longfirst/infer/report/look"
	"longfirst/infer/worker"
)

// timeline shows the worker processes over time, a row each.
type timeline struct {
	Rows          []*timelineRow
	Hidden        int // rows that found no place
	Width, Height float64
	Left, Right   float64
	Bottom        float64
	Ticks         []tick
	Pauses        []float64
	Top           string // the rate at the top of every row
}

type timelineRow struct {
	Label, Rate string
	Y           float64
	Area        string // path of residues a second
	Blocks      []mark

	key      [2]int // journal, worker
	residues float64
	seconds  float64
	leases   []leased
}

// mark is a lease, or several neighbouring ones that were simply done.
type mark struct {
	X, Width float64
	Class    string
	Title    string
}

type leased struct {
	*worker.Ended
	from, to float64 // active seconds
}

type tick struct {
	At   float64
	Text string
}

const (
	chartWidth    = 760.0
	labelWidth    = 150.0
	rowHeight     = 58.0
	rateHeight    = 30.0 // of it
	blockHeight   = 12.0
	rateBins      = 120
	mostRows      = 64
	leastMark     = 1.5 // narrower marks of blocks that were simply done become one
	timelineRight = chartWidth - 90
)

// newTimeline draws all leases of a history; nil where there are none.
func newTimeline(h *history, c *clock) *timeline {
	rows := map[[2]int]*timelineRow{}
	for _, r := range h.Runs {
		for i, l := range r.Leases {
			key := [2]int{r.Journal, l.Worker}
			row := rows[key]
			if row == nil {
				row = &timelineRow{key: key, Label: fmt.Sprintf("worker %d", l.Worker)}
				if h.Journals > 1 {
					row.Label = fmt.Sprintf("rank %d…, worker %d", r.Ranks[0], l.Worker)
				}
				rows[key] = row
			}
			row.leases = append(row.leases, leased{l, c.at(l.Leased), c.at(r.Ends[i])})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	t := &timeline{Width: chartWidth, Left: labelWidth, Right: timelineRight}
	for _, row := range rows {
		t.Rows = append(t.Rows, row)
	}
	slices.SortFunc(t.Rows, func(a, b *timelineRow) int {
		return cmp.Or(cmp.Compare(a.key[0], b.key[0]), cmp.Compare(a.key[1], b.key[1]))
	})
	if len(t.Rows) > mostRows {
		t.Hidden = len(t.Rows) - mostRows
		t.Rows = t.Rows[:mostRows]
	}
	total := math.Max(c.total(), 1e-3)
	x := func(seconds float64) float64 { return labelWidth + seconds/total*(timelineRight-labelWidth) }
	var top float64
	rates := make([][]float64, len(t.Rows))
	for i, row := range t.Rows {
		row.Y = rowHeight * float64(i)
		rates[i] = row.rates(total)
		top = math.Max(top, slices.Max(rates[i]))
		row.mark(x)
	}
	top = math.Max(top, 1)
	t.Top = look.Number(top) + " residues/s"
	for i, row := range t.Rows {
		row.Area = area(rates[i], top, x, total)
		row.Rate = look.Number(row.residues / math.Max(row.seconds, 1e-3))
	}
	t.Bottom = rowHeight * float64(len(t.Rows))
	t.Height = t.Bottom + 24
	for part := range 5 {
		seconds := total * float64(part) / 4
		t.Ticks = append(t.Ticks, tick{x(seconds), duration(seconds)})
	}
	for _, at := range c.pauses() {
		t.Pauses = append(t.Pauses, x(at))
	}
	return t
}

// rates returns the residues a second that were embedded in each of rateBins parts of the time: those of a block are spread
// evenly over the time it took.
func (r *timelineRow) rates(total float64) []float64 {
	rates := make([]float64, rateBins)
	width := total / rateBins
	for _, l := range r.leases {
		r.seconds += l.to - l.from
		if l.Counts == nil || l.Outcome != worker.OutcomeDone {
			continue
		}
		r.residues += float64(l.Counts.Residues)
		took := math.Max(l.to-l.from, width/1e3) // a block may begin and end in one tick of the clock
		to := math.Max(l.to, took)
		from := to - took
		for bin := int(from / width); bin < rateBins && float64(bin)*width < to; bin++ {
			in := math.Min(to, float64(bin+1)*width) - math.Max(from, float64(bin)*width)
			rates[bin] += float64(l.Counts.Residues) * math.Max(0, in) / took / width
		}
	}
	return rates
}

// area draws rates as steps over the row's base.
func area(rates []float64, top float64, x func(float64) float64, total float64) string {
	var path strings.Builder
	fmt.Fprintf(&path, "M%.1f %.1f", x(0), rateHeight)
	for bin, rate := range rates {
		fmt.Fprintf(&path, "V%.1fH%.1f", rateHeight-rate/top*rateHeight, x(total*float64(bin+1)/rateBins))
	}
	fmt.Fprintf(&path, "V%.1fZ", rateHeight)
	return path.String()
}

// mark draws the row's leases. Those that ended otherwise than with their block lie over the others.
func (r *timelineRow) mark(x func(float64) float64) {
	var over []mark
	joined := 0 // blocks of the last mark of Blocks
	for _, l := range r.leases {
		m := mark{X: x(l.from), Width: math.Max(x(l.to)-x(l.from)-0.5, 0.5), Class: class(l.Ended)}
		m.Title = fmt.Sprintf("rank %d, block %d: %s, %s", l.Rank, l.Block, l.Outcome, duration(l.to-l.from))
		if l.Probe {
			m.Title += ", part of it"
		}
		if m.Class != "own" {
			m.Width = math.Max(m.Width, leastMark)
			over = append(over, m)
			continue
		}
		if n := len(r.Blocks); n > 0 {
			if last := &r.Blocks[n-1]; m.X+m.Width-last.X < leastMark {
				joined++
				last.Width = m.X + m.Width - last.X
				last.Title = fmt.Sprintf("%d blocks", joined)
				continue
			}
		}
		joined = 1
		r.Blocks = append(r.Blocks, m)
	}
	r.Blocks = append(r.Blocks, over...)
}

// class is the colour of a lease.
func class(l *worker.Ended) string {
	switch {
	case l.Outcome == worker.OutcomeFailed || l.Outcome == worker.OutcomeDied:
		return "other"
	case l.Outcome == worker.OutcomeStopped:
		return "lost"
	case l.Second || l.Outcome == worker.OutcomeLate:
		return "second"
	case l.Probe:
		return "probe"
	}
	return "own"
}
