package report

import (
	"math"

	"longfirst/index"
)

// lengthChart shows how many records have which length.
type lengthChart struct {
	Bars          []lengthBar
	Width, Height float64
	Left, Room    float64 // where bars begin, and the longest one's length
}

type lengthBar struct {
	Label, Value string
	Y, Width     float64
	Cut          bool // all of its records are longer than what is embedded
}

const lengthRow = 22.0

// newLengthChart draws the bins; maxLength is 0 where nothing is cut.
func newLengthChart(bins []index.LengthBin, maxLength int64) *lengthChart {
	c := &lengthChart{Width: chartWidth, Left: 120, Room: chartWidth - 120 - 190}
	var most int64
	for _, b := range bins {
		most = max(most, b.Records)
	}
	for _, b := range bins {
		bar := lengthBar{Label: count(b.From), Y: lengthRow * float64(len(c.Bars)), Cut: maxLength > 0 && b.From > maxLength}
		if b.To > b.From {
			bar.Label += "–" + count(b.To)
		}
		if bar.Value = count(b.Records) + " records"; b.Records == 1 {
			bar.Value = "1 record"
		}
		if b.Records > 0 {
			bar.Width = math.Max(1, float64(b.Records)/float64(most)*c.Room)
		}
		c.Bars = append(c.Bars, bar)
	}
	c.Height = lengthRow * float64(len(c.Bars))
	return c
}
