package page

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"sync"

	"longfirst/bench"
	"longfirst/infer/report/look"
)

//go:embed page.html
var source string

// page is parsed at first use: every process of a run would pay for it otherwise.
var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Funcs(functions).Parse(source))
})

var functions = template.FuncMap{
	"style": func() template.CSS { return look.Style },
	"label": Label, "number": Number, "value": Value,
	"percent":   func(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) },
	"starved":   func() float64 { return bench.StarvedMargin },
	"bandwidth": func() float64 { return bench.BandwidthMargin },
	"add":       func(a, b float64) float64 { return a + b },
	"sub":       func(a, b float64) float64 { return a - b },
	"gb":        func(l bench.LimitResult, v float64) string { return limitText(l, v) },
}

// limitText writes a rate of a limit.
func limitText(l bench.LimitResult, v float64) string {
	if l.Unit == "MB/s" {
		return look.Digits(v/1e3) + " GB/s"
	}
	return look.Digits(v) + " " + l.Unit
}

// content is what the template is filled with.
type content struct {
	*bench.Report
	Shares  *barChart
	Ratios  []*ratioChart
	Curves  []*curve
	Marked  int // samples
	Nothing int // results without samples that count
	Samples int
}

// Name is the file's name in a results folder.
const Name = "index.html"

// Write writes the page of a report.
func Write(w io.Writer, r *bench.Report) error {
	c := content{Report: r, Shares: shares(r), Ratios: ratios(r), Curves: curves(r)}
	for _, result := range r.Results {
		c.Samples += len(result.Samples)
		c.Marked += result.Marked()
		if result.Nothing != "" {
			c.Nothing++
		}
	}
	return page().Execute(w, c)
}
