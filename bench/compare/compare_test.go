package compare

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"longfirst/bench"
	"longfirst/bench/limits"
)

func report(workload, unit string, steady bool, values ...float64) *bench.Report {
	r := &bench.Result{Workload: workload, Case: "input=x", Headline: unit, Steady: steady}
	for _, v := range values {
		r.Samples = append(r.Samples, bench.Sample{Figures: []bench.Value{{Unit: "ns/op", Value: 1}, {Unit: unit, Value: v}}})
	}
	if len(values) > 0 {
		r.Summaries = []bench.Summary{bench.Summarize("ns/op", values), bench.Summarize(unit, values)}
	}
	one := limits.Limit{Kind: limits.FMA, Threads: 1}
	return &bench.Report{Results: []*bench.Result{r}, Machine: bench.Machine{CPU: "cpu", Cores: 2}, Threads: 2,
		Limits: []bench.LimitResult{{Limit: one, Name: one.String()}}}
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		name, unit string
		a, b       []float64
		want       Verdict
	}{
		{"a rate beyond the spread", "MB/s", []float64{90, 100, 110}, []float64{111, 120, 130}, Faster},
		{"a rate below the spread", "MB/s", []float64{90, 100, 110}, []float64{70, 80, 89}, Slower},
		{"a median far off, one value inside", "MB/s", []float64{90, 100, 110}, []float64{109, 200, 210}, Same},
		{"less time", "ns/record", []float64{90, 100, 110}, []float64{70, 80, 89}, Faster},
		{"more time", "ms/start", []float64{90, 100, 110}, []float64{111, 120, 130}, Slower},
		{"touching", "MB/s", []float64{90, 100, 110}, []float64{110, 120, 130}, Same},
		{"two values on a side", "MB/s", []float64{90, 100, 110}, []float64{500, 600}, TooFew},
	} {
		got, err := Compare([]*bench.Report{report("w", c.unit, true, c.a...)}, []*bench.Report{report("w", c.unit, true, c.b...)})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Lines) != 1 || got.Lines[0].Verdict != c.want {
			t.Errorf("%s: %+v, want %s", c.name, got.Lines, c.want)
		}
	}
}

// Alternate runs of both versions leave several reports a side; they count as one.
func TestReportsOfASideArePooled(t *testing.T) {
	a := []*bench.Report{report("w", "MB/s", true, 100, 101), report("w", "MB/s", false, 90)}
	b := []*bench.Report{report("w", "MB/s", true, 95, 96, 97), report("other", "MB/s", true, 1)}
	c, err := Compare(a, b)
	if err != nil {
		t.Fatal(err)
	}
	l := c.Lines[0]
	if l.Verdict != Same || l.A.Samples != 3 || l.A.Low != 90 || l.A.High != 101 || !l.A.Unsteady || l.B.Unsteady || l.Change > -0.039 || l.Change < -0.041 {
		t.Errorf("%+v", l)
	}
	if len(c.Lines) != 2 || c.Lines[1].Verdict != Missing {
		t.Errorf("%+v", c.Lines)
	}
}

// A busy machine is no change of the program.
func TestWhatWasNotMeasuredIsNotCompared(t *testing.T) {
	nothing := report("w", "", false)
	nothing.Results[0].Nothing = "not measured: machine busy, 2 of 2 samples starved"
	good := report("w", "MB/s", true, 1, 2, 3)
	for _, side := range [][]*bench.Report{{nothing}, {nothing, good}} {
		c, err := Compare(side, []*bench.Report{good, nothing})
		if err != nil {
			t.Fatal(err)
		}
		want := TooFew
		if len(side) == 2 {
			want = Same
		}
		if l := c.Lines[0]; l.Verdict != want || l.Unit != "MB/s" {
			t.Errorf("%+v, want %s", l, want)
		}
	}
}

func TestNothingInCommon(t *testing.T) {
	if _, err := Compare([]*bench.Report{report("w", "MB/s", true, 1)}, []*bench.Report{report("v", "MB/s", true, 1)}); !errors.Is(err, ErrNothing) {
		t.Errorf("%v, want ErrNothing", err)
	}
}

func TestText(t *testing.T) {
	a := report("w", "MB/s", true, 90, 100, 110)
	b := report("w", "MB/s", false, 70, 80, 89)
	b.Machine.Cores = 4
	c, err := Compare([]*bench.Report{a}, []*bench.Report{b})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := c.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"SLOWER   w/input=x  100 (90 to 110, 3)  80 (70 to 89, 3) u  -20.0 %  MB/s\n", "0 faster, 1 slower, of 1", "CAUTION", "4 cores"} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("%q is missing in\n%s", part, text.String())
		}
	}
}

func TestWhatChangedComesFirst(t *testing.T) {
	c := &Comparison{Lines: []Line{{Label: "same", Verdict: Same, Change: 3}, {Label: "small", Verdict: Slower, Change: -0.1}, {Label: "gone", Verdict: Missing},
		{Label: "large", Verdict: Slower, Change: -0.5}, {Label: "good", Verdict: Faster, Change: 9}}}
	var order []string
	for _, l := range c.Sorted() {
		order = append(order, l.Label)
	}
	if got := strings.Join(order, " "); got != "large small good same gone" {
		t.Error(got)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	save := func(name string) string {
		path := filepath.Join(dir, name)
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if err := report("w", "MB/s", true, 1).WriteJSON(file); err != nil {
			t.Fatal(err)
		}
		return path
	}
	one := save("1.json")
	save("2.json")
	for path, want := range map[string]int{dir: 2, one: 1} {
		reports, err := Load(path)
		if err != nil || len(reports) != want {
			t.Errorf("%s: %d reports, %v", path, len(reports), err)
		}
	}
	if _, err := Load(filepath.Join(dir, "none")); err == nil {
		t.Error("nothing was loaded without an error")
	}
}
