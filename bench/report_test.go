package bench

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"longfirst/bench/limits"
)

func sampleReport() *Report {
	one, two := limits.Limit{Kind: limits.FMA, Threads: 1}, limits.Limit{Kind: limits.FMA, Threads: 2}
	return &Report{
		Program: "longfirst 1.2.3", Started: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Seconds: 9, Threads: 2, Margin: 0.1,
		Machine: Machine{"linux", "amd64", "AMD EPYC 9B14", 4, "avx512", "go1.26.0"},
		Limits: []LimitResult{
			{one, one.String(), "", 150, Summary{"GFLOP/s", 148.5, 0.02, 9}},
			{two, two.String(), "a loop", 300, Summary{"GFLOP/s", 299, 0.031, 9}},
		},
		Absent: []Absent{{"esm-cpp", "not installed"}}, Watched: "/proc/stat", Unmeasured: []Unmeasured{{"disk-read-1", "no disk"}}, Lines: []string{"A line.", "Another."},
		Results: []*Result{
			{
				Workload: "infer-cpu", Case: "model=m", Shows: "how fast it is", Sentence: "It is fast.", Headline: "residues/s", Steady: true, Limits: []string{"fma-2"},
				Summaries: []Summary{{"ns/op", 2.5e9, 0.1, 2}, {"residues/s", 1234.5, 0.16, 2}},
				Samples: []Sample{
					{Figures: []Value{{"ns/op", 2.4e9}, {"residues/s", 1284.25}, {"%peak", 1.23456}}, Before: []float64{299}, After: []float64{300}},
					{Figures: []Value{{"ns/op", 9e9}, {"residues/s", 400}, {"%peak", 0.4}}, Marked: true, Before: []float64{299}, After: []float64{100}},
					{Figures: []Value{{"ns/op", 2.6e9}, {"residues/s", 1184.75}, {"%peak", 1.1}}, Before: []float64{299}, After: []float64{300}},
				},
			},
			{
				Workload: "index-build", Case: "input=x", Shows: "another thing", Sentence: "It is slow.", Headline: "MB/s", Steady: false, Limits: []string{},
				Summaries: []Summary{{"ns/op", 1e6, 0.5, 1}, {"MB/s", 5, 0, 1}},
				Samples: []Sample{
					{Figures: []Value{{"ns/op", 1e6}, {"MB/s", 5}}, Marked: true, Before: []float64{}, After: []float64{}},
					{Figures: []Value{{"ns/op", 4e6}, {"MB/s", 1.25}}, Marked: true, Starved: true, Lost: 0.75, Before: []float64{}, After: []float64{}},
				},
			},
			{
				Workload: "resume", Case: "input=x", Shows: "a third", Nothing: "not measured: machine busy, 1 of 1 samples starved", Limits: []string{}, Summaries: []Summary{},
				Samples: []Sample{{Figures: []Value{{"ns/op", 3e6}}, Starved: true, Marked: true, Lost: 0.75, Before: []float64{}, After: []float64{}}},
			},
		},
	}
}

const sampleText = `# longfirst 1.2.3, 2026-03-04 05:06:07 UTC, go1.26.0; 4 cores, FMA loop avx512
# marked: beside a calibration more than 10 % (of multiply-adds) or 25 % (of memory and files) below the best of this run, or with more than 10 % of its cores' time lost to others (/proc/stat); starved: the same by 50 %. A starved sample never counts, a marked one only in an unsteady result
goos: linux
goarch: amd64
pkg: longfirst/bench
cpu: AMD EPYC 9B14
Unit residues/s better=higher

# limits: median, best and spread over the calibrations of the whole run; shares are of the best
BenchmarkLimitFMA-1	1	148.5 GFLOP/s	150.0 best-GFLOP/s	2 %spread
BenchmarkLimitFMA-2	1	299.0 GFLOP/s	300.0 best-GFLOP/s	3 %spread
# fma-2: with a loop
# not measured: disk-read-1: no disk

# infer-cpu/model=m: how fast it is
steady: true
BenchmarkInferCPU/model=m-2	1	2400000000 ns/op	1284 residues/s	1.235 %peak
# marked: BenchmarkInferCPU/model=m-2	1	9000000000 ns/op	400.0 residues/s	0.4000 %peak
BenchmarkInferCPU/model=m-2	1	2600000000 ns/op	1185 residues/s	1.100 %peak
# It is fast. Median of 2, spread 16 %.

# index-build/input=x: another thing
steady: false
BenchmarkIndexBuild/input=x-2	1	1000000 ns/op	5.000 MB/s
# starved: BenchmarkIndexBuild/input=x-2	1	4000000 ns/op	1.250 MB/s
# It is slow. Median of 1, spread 0 %; the machine was UNSTEADY in 2 of 2 samples: rates are lower bounds.

# resume/input=x: a third
steady: false
# starved: BenchmarkResume/input=x-2	1	3000000 ns/op
# resume/input=x: not measured: machine busy, 1 of 1 samples starved.

# absent: esm-cpp: not installed

A line.
Another.
`

func TestText(t *testing.T) {
	var b bytes.Buffer
	if err := sampleReport().WriteText(&b); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(sampleText, "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestInShort(t *testing.T) {
	r := sampleReport()
	machine := "This machine, AMD EPYC 9B14, at best: 150 GFLOP/s of multiply-adds (avx512) on one thread, 300 on 2; one thread reads 0.0 GB/s from memory, 0.0 GB/s from files in the page cache."
	for _, c := range []struct{ names, want []string }{
		{[]string{"index-build", "none"}, []string{machine, r.Results[1].Told()}},
		{[]string{"resume"}, []string{machine, "resume/input=x: not measured: machine busy, 1 of 1 samples starved."}},
		{nil, []string{machine, r.Results[0].Told(), r.Results[1].Told()}},
	} {
		if diff := cmp.Diff(c.want, r.inShort(c.names)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestNewest(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := Newest(dir); !errors.Is(err, ErrReport) {
		t.Errorf("%v, want ErrReport", err)
	}
	for day, program := range map[int]string{3: "old", 5: "new", 4: "middle", 6: "interrupted"} {
		r := sampleReport()
		r.Started, r.Program = time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC), program
		if program == "interrupted" {
			r.Partial = "1 of 2 workloads"
		}
		folder, err := r.Folder(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Save(folder, File{"more.txt", func(w io.Writer) error { _, err := io.WriteString(w, "more"); return err }}); err != nil {
			t.Fatal(err)
		}
	}
	folder, r, err := Newest(dir)
	if err != nil || r.Program != "new" || !strings.HasPrefix(filepath.Base(folder), "2026-03-05") {
		t.Errorf("%s, %+v, %v", folder, r, err)
	}
	if more, err := os.ReadFile(filepath.Join(folder, "more.txt")); err != nil || string(more) != "more" {
		t.Errorf("%q, %v", more, err)
	}
}

func TestNoReport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.json")
	for _, text := range []string{"{", "{}", `{"limits": [{"limit": "speed-of-light-1"}]}`} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); !errors.Is(err, ErrReport) {
			t.Errorf("%s: %v, want ErrReport", text, err)
		}
	}
	if _, err := Load(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestSaveKeepsEveryRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "results")
	r := sampleReport()
	for _, want := range []string{"2026-03-04-amd-epyc-9b14-4-cores", "2026-03-04-amd-epyc-9b14-4-cores.2"} {
		folder, err := r.Folder(dir)
		if err != nil || filepath.Base(folder) != want {
			t.Fatalf("%s, %v; want %s", folder, err, want)
		}
		for range 2 { // the second replaces the first
			if err := r.Save(folder); err != nil {
				t.Fatal(err)
			}
		}
		if files, err := os.ReadDir(folder); err != nil || len(files) != 2 {
			t.Errorf("%d files, %v", len(files), err)
		}
		text, err := os.ReadFile(filepath.Join(folder, textFile))
		if err != nil || string(text) != sampleText {
			t.Errorf("%s: %v\n%s", folder, err, text)
		}
		back, err := Load(folder)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, back, cmpopts.IgnoreUnexported(Sample{}, Result{})); diff != "" {
			t.Error(diff)
		}
	}
}

func TestSummaries(t *testing.T) {
	for _, c := range []struct {
		values         []float64
		median, spread float64
	}{
		{[]float64{4}, 4, 0},
		{[]float64{5, 1, 3}, 3, 4.0 / 3},
		{[]float64{8, 2, 4, 6}, 5, 6.0 / 5},
		{[]float64{0, 0}, 0, 0},
	} {
		if got := Summarize("u", c.values); got != (Summary{"u", c.median, c.spread, len(c.values)}) {
			t.Errorf("%v: %+v, want median %v, spread %v", c.values, got, c.median, c.spread)
		}
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 123456789.4: "123456789", 1000: "1000", 999.94: "999.9", 12.345678: "12.35", 0.00123456: "0.001235", 1e-12: "0.000000000"} {
		if got := format(v); got != want {
			t.Errorf("format(%v) = %q, want %q", v, got, want)
		}
	}
}

func TestMachineSlug(t *testing.T) {
	for cpu, want := range map[string]string{
		"Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz": "intel-r-xeon-r-platinum-8481c-cpu-2-70ghz-8-cores",
		"Apple M3": "apple-m3-8-cores",
	} {
		if got := (Machine{CPU: cpu, Cores: 8}).slug(); got != want {
			t.Errorf("%s: %s, want %s", cpu, got, want)
		}
	}
}
