package report

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"longfirst/infer/output"
	"longfirst/infer/report/look"
)

//go:embed page.html
var source string

// page is parsed at first use: every process of a run would pay for it otherwise.
var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("report").Funcs(template.FuncMap{
		"style":    func() template.CSS { return look.Style },
		"number":   look.Number,
		"count":    func(n any) string { return count(reflect.ValueOf(n).Int()) },
		"duration": duration,
		"moment":   func(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04:05 UTC") },
		"took":     func(r *run) string { return duration(r.To.Sub(r.From).Seconds()) },
		"add":      func(a, b float64) float64 { return a + b },
		"sub":      func(a, b float64) float64 { return a - b },
	}).Parse(source))
})

// content is what the template is filled with.
type content struct {
	Name     string
	Manifest output.Manifest
	Options  []option
	Complete bool
	*history
	Last      *run
	Seconds   float64 // in which a run was active
	Rate      float64 // residues a second of that time
	Reached   string  // FLOP/s of a worker process, beside what its device class was seen to reach
	Lengths   *lengthChart
	Timeline  *timeline
	Incidents []incident
	More      int // incidents that found no place
	Skips     []skip
	Skipped   int // all there are
}

type option struct{ Name, Value string }

// mostRowsOfTable is how much of a list is shown.
const mostRowsOfTable = 50

// Write draws the page of a data set anew. The error is ErrNoHistory where nothing was written down that could be shown.
func Write(dir output.Dir) error {
	c := content{Name: string(dir)}
	var err error
	if c.Manifest, err = output.ReadManifest(dir); err != nil {
		return err
	}
	if c.history, err = readHistory(dir); err != nil {
		return err
	}
	if len(c.Runs) == 0 {
		return fmt.Errorf("%s: %w; the next run that computes something keeps a journal", dir.Logs(), ErrNoHistory)
	}
	if c.Skips, c.Skipped, err = readSkips(dir); err != nil {
		return err
	}
	_, err = os.Stat(dir.Success())
	c.Complete = err == nil
	c.fill()
	var b bytes.Buffer
	if err := page().Execute(&b, &c); err != nil {
		return err
	}
	return dir.WriteReport(b.Bytes())
}

// fill derives what the page shows from the history.
func (c *content) fill() {
	c.Last = c.Runs[len(c.Runs)-1]
	o := c.Manifest.Options
	c.Options = []option{{"--max-length", "none"}, {"--gaps", o.Gaps}, {"--dtype", string(o.DType)}}
	if o.MaxLength > 0 {
		c.Options[0].Value = strconv.FormatInt(o.MaxLength, 10)
	}
	for _, column := range o.Columns {
		c.Options = append(c.Options, option{"column " + column.Name, fmt.Sprintf("%s, layer %d", column.Pool, column.Layer)})
	}
	clock := newClock(c.Runs)
	c.Seconds = clock.total()
	if c.Seconds > 0 {
		c.Rate = float64(c.Counts.Residues) / c.Seconds
	}
	if c.LeaseSeconds > 0 && c.Last.FLOPS > 0 {
		reached := c.FLOPs / c.LeaseSeconds
		c.Reached = fmt.Sprintf("%sFLOP/s, %s %% of what the device class was seen to reach", flops(reached), look.Digits(100*reached/c.Last.FLOPS))
	}
	c.Lengths = newLengthChart(c.Last.Lengths, o.MaxLength)
	c.Timeline = newTimeline(c.history, clock)
	c.Incidents = c.incidents()
	if c.More = len(c.Incidents) - mostRowsOfTable; c.More > 0 {
		c.Incidents = c.Incidents[:mostRowsOfTable]
	}
}

// BlocksKnown tells whether all blocks there are were done by runs that kept a journal.
func (c *content) BlocksKnown() bool { return c.Runs[0].BlocksBefore == 0 }

// skip is a record without a row.
type skip struct{ ID, File, ByteOffset, Reason, Detail string }

// readSkips reads the first of the records without a row, and how many there are.
func readSkips(dir output.Dir) (list []skip, all int, err error) {
	f, err := os.Open(dir.Skipped())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.ReuseRecord = '\t', true, true
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list, max(0, all-1), nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", dir.Skipped(), err)
		}
		if all++; all > 1 && len(list) < mostRowsOfTable && len(fields) == 7 {
			list = append(list, skip{strings.Clone(fields[1]), strings.Clone(fields[2]), strings.Clone(fields[3]), strings.Clone(fields[5]), strings.Clone(fields[6])})
		}
	}
}
