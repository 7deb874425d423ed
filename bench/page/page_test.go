package page

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"longfirst/bench"
	"longfirst/bench/limits"
)

func result(workload, c, peer string, limit limits.Limit, steady bool, figures ...bench.Value) *bench.Result {
	r := &bench.Result{Workload: workload, Case: c, Peer: peer, Steady: steady, Shows: "what it is", Headline: figures[0].Unit, Limits: []string{limit.String()}}
	for _, f := range figures {
		r.Summaries = append(r.Summaries, bench.Summary{Unit: f.Unit, Median: f.Value, Spread: 0.2, Samples: 2})
	}
	for _, scale := range []float64{0.9, 1.1} {
		var s bench.Sample
		for _, f := range figures {
			s.Figures = append(s.Figures, bench.Value{Unit: f.Unit, Value: f.Value * scale})
		}
		s.Marked = !steady
		r.Samples = append(r.Samples, s)
	}
	return r
}

func report() *bench.Report {
	fma, reader := limits.Limit{Kind: limits.FMA, Threads: 2}, limits.Limit{Kind: limits.MemoryRead, Threads: 1}
	return &bench.Report{
		Program: "longfirst 1.2.3", Started: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Threads: 2, Margin: 0.1,
		Machine: bench.Machine{OS: "linux", Arch: "amd64", CPU: "A & B <fast>", Cores: 2},
		Lines:   []string{"One line.", "Another."},
		Limits:  []bench.LimitResult{{Limit: fma, Name: fma.String(), Best: 150, Summary: bench.Summary{Unit: "GFLOP/s", Median: 140}}},
		Partial: "11 of 12 workloads", Watched: "/proc/stat", Unmeasured: []bench.Unmeasured{{Limit: "disk-read-1", Why: "on tmpfs"}},
		Absent: []bench.Absent{{Peer: "embed with snake", Why: "not installed"}},
		Results: []*bench.Result{
			result("infer-cpu", "model=m/input=p", "", fma, true, bench.Value{Unit: "residues/s", Value: 6460}, bench.Value{Unit: "%peak", Value: 71}),
			result("kernel", "op=norm", "", reader, false, bench.Value{Unit: "MB/s", Value: 36000}, bench.Value{Unit: "%memory-read", Value: 180}),
			result("versus-index", "peer=samtools/input=p", "samtools 1.16.1", reader, true, bench.Value{Unit: "peer/own", Value: 2.2}),
			result("versus-index", "peer=pyfaidx/input=p", "pyfaidx 0.9", reader, true, bench.Value{Unit: "peer/own", Value: 0.5}),
			result("versus-reuse", "peer=pyfaidx/input=p", "pyfaidx 0.9", reader, false, bench.Value{Unit: "peer/own", Value: 599}),
			result("versus-embed", "peer=a/model=m/threads=1/input=p", "a 1.5", fma, true, bench.Value{Unit: "peer/own", Value: 3}),
			result("versus-embed", "peer=a/model=m/threads=2/input=p", "a 1.5", fma, true, bench.Value{Unit: "peer/own", Value: 3.5}),
			result("infer-cpu", "length=50/model=m/threads=2", "", fma, true, bench.Value{Unit: "residues/s", Value: 3000}),
			result("infer-cpu", "length=350/model=m/threads=2", "", fma, true, bench.Value{Unit: "residues/s", Value: 2000}),
			{Workload: "resume", Case: "after=kill", Nothing: "not measured: machine busy, 1 of 1 samples starved", Samples: []bench.Sample{{Marked: true, Starved: true}}},
			{Workload: "stride", Case: "world=64/input=p", Nothing: "not measured: no time left"},
			result("scaling", "workers=1/input=p", "", fma, true, bench.Value{Unit: "residues/s", Value: 3000}),
			result("scaling", "workers=2/input=p", "", fma, true, bench.Value{Unit: "residues/s", Value: 5500}),
			result("stride", "world=1/input=p", "", reader, true, bench.Value{Unit: "ns/record", Value: 11}),
			result("stride", "world=8/input=p", "", reader, true, bench.Value{Unit: "ns/record", Value: 19}),
			result("stride", "world=8/input=q", "", reader, true, bench.Value{Unit: "ns/record", Value: 19}),
		},
	}
}

func written(t *testing.T, r *bench.Report) string {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The page is well-formed XML too, so that a misplaced tag can't hide.
func TestWellFormed(t *testing.T) {
	for name, r := range map[string]*bench.Report{"full": report(), "empty": {}} {
		d := xml.NewDecoder(strings.NewReader(written(t, r)))
		for {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				line, column := d.InputPos()
				t.Fatalf("%s: line %d, column %d: %v", name, line, column, err)
			}
		}
	}
}

func TestNothingIsFetched(t *testing.T) {
	text := written(t, report())
	if found := regexp.MustCompile(`(?i)https?:|src=|href=|url\(|@import|<script|<link|<iframe|<object`).FindString(text); found != "" {
		t.Errorf("the page holds %q", found)
	}
	if !strings.Contains(text, "prefers-color-scheme: dark") {
		t.Error("there is no dark page")
	}
}

func TestContent(t *testing.T) {
	text := written(t, report())
	for _, part := range []string{
		"A &amp; B &lt;fast&gt;, 2 cores", "<p>One line.</p>", "infer cpu, m, p", "6460 residues/s", "71.0 % of peak",
		"180 % of memory-read", "samtools 1.16.1", "2.20× <tspan class=\"soft\">of 2<", "0.50×", "599×", "embed with snake: not installed", "worker processes", "stride, world 8, q",
		"UNSTEADY, 2 of 2 marked", "5 of 29 samples marked", "2 of 16 workloads not measured",
		"It came through 11 of 12 workloads", "machine busy, 1 of 1 samples starved", "on tmpfs", "Embed with the same weights, m, 1 thread<", "m, 2 threads<", "residues of each sequence", "infer cpu, m, threads 2<",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing", part)
		}
	}
	if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") || strings.Contains(text, "ZgotmplZ") {
		t.Error("a number or a text could not be drawn")
	}
}

func TestBarsEndAtTheLimit(t *testing.T) {
	c := shares(report())
	if len(c.Bars) != 2 || c.Bars[0].Width != 0.71*chartWidth || c.Bars[1].Width != chartWidth || c.Bars[1].High != chartWidth {
		t.Errorf("%+v", c.Bars)
	}
}

func TestRatiosLieOnTheirSide(t *testing.T) {
	charts := ratios(report())
	if len(charts) != 4 {
		t.Fatalf("%d charts", len(charts))
	}
	rows := charts[0].Rows
	if !(rows[0].X > charts[0].Even) || rows[0].Loses || !(rows[1].X < charts[0].Even) || !rows[1].Loses {
		t.Errorf("even at %v: %+v", charts[0].Even, rows)
	}
	for _, c := range charts {
		for _, r := range c.Rows {
			if r.Low < ratioLeft || r.High > ratioRight || r.Low > r.X || r.X > r.High {
				t.Errorf("%s: %+v", c.Title, r)
			}
		}
	}
}

func TestCurves(t *testing.T) {
	list := curves(report())
	if len(list) != 3 || list[0].Ideal != "" || list[1].Ideal == "" || list[2].Ideal != "" || len(list[2].Points) != 2 {
		t.Fatalf("%+v", list)
	}
	for _, c := range list {
		for _, p := range c.Points {
			if p.Y < curveTop-1 || p.Y > curveBottom || p.X < curveLeft || p.X > curveWidth {
				t.Errorf("%s: %+v", c.Title, p)
			}
		}
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.123: "0.12", 9.999: "10.0", 12.34: "12.3", 6460: "6460", 12345: "12.3 k", 63_672_330: "63.7 M", 2e9: "2.00 G"} {
		if got := Number(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{1: "1×", 2.2: "2.2×", 0.5: "0.5×", 10: "10×", 599.6: "600×", 10_000: "10 k×", 0.01: "1.00 %"} {
		if got := times(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}
