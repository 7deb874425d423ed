package readme

import (
	"errors"
	"strings"
	"testing"
	"time"

	"longfirst/bench"
)

func report() *bench.Report {
	return &bench.Report{
		Machine: bench.Machine{CPU: "AMD EPYC", Cores: 2}, Threads: 2, Started: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
		Absent: []bench.Absent{{Peer: "embed with snake", Why: "gone"}, {Peer: "read with worm", Why: "gone"}},
		Results: []*bench.Result{
			{Workload: "infer-cpu", Case: "model=m/input=p", Headline: "residues/s", Steady: true, Limits: []string{"fma-2"},
				Summaries: []bench.Summary{{Unit: "ns/op", Median: 1}, {Unit: "residues/s", Median: 6460, Spread: 0.16, Samples: 3}, {Unit: "%peak", Median: 71.4}}},
			{Workload: "stride", Case: "world=8/input=p", Headline: "ns/record", Limits: []string{"memory-read-1"},
				Summaries: []bench.Summary{{Unit: "ns/record", Median: 19.5, Spread: 0.5, Samples: 6}}},
			{Workload: "resume", Case: "after=kill", Nothing: "not measured: no time left"},
			{Workload: "versus-read", Case: "peer=worm/input=p", Peer: "worm 1.5", Nothing: "not measured: machine busy, 2 of 2 samples starved"},
			{Workload: "versus-embed", Case: "peer=fair-esm/model=m/threads=1", Peer: "fair-esm 2.0.0", Headline: "peer/own", Steady: true,
				Summaries: []bench.Summary{{Unit: "peer/own", Median: 2.5, Spread: 0.1, Samples: 4}}},
		},
	}
}

const want = "Measured by `longfirst bench` on AMD EPYC, 2 cores, 2 threads, on 4 March 2026; every sample, and a page with pictures: [results/x](results/x).\n" +
	`Models have random weights. Spread is largest minus smallest; *unsteady* results were measured while the machine was
busy or slow: their rates are lower bounds.

| workload | median | of the machine's limit | spread |
|---|---|---|---|
| infer cpu, m, p | 6460 residues/s | 71 % of peak | 16 % |
| stride, world 8, p | 19.5 ns/record |  | 50 %, *unsteady* |
| resume, after kill | *not measured: no time left* | | |

| job | beside | takes, times as long | pairs | spread |
|---|---|---|---|---|
| read | worm 1.5 | *not measured: machine busy, 2 of 2 samples starved* | | |
| embed, m, 1 thread | fair-esm 2.0.0 | 2.50 | 4 | 10 % |

Not compared: embed with snake; read with worm.
`

func TestTables(t *testing.T) {
	if got := Tables("results/x", report()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestReplaceAndCheck(t *testing.T) {
	before, after := "# title\n\n"+Begin+"\n", End+"\n\nmore\n"
	got, err := Replace(before+"old\n"+after, "results/x", report())
	if err != nil || got != before+want+after {
		t.Fatalf("%v\n%s", err, got)
	}
	if err := Check(got, "results/x", report()); err != nil {
		t.Errorf("fresh tables: %v", err)
	}
	for _, stale := range []string{before + "old\n" + after, strings.Replace(got, "6460", "6461", 1)} {
		if err := Check(stale, "results/x", report()); !errors.Is(err, ErrStale) {
			t.Errorf("%v, want ErrStale", err)
		}
	}
	if err := Check(got, "results/y", report()); !errors.Is(err, ErrStale) {
		t.Errorf("another folder: %v, want ErrStale", err)
	}
	for _, text := range []string{"", before, after, after + before, before + after + before + after} {
		if _, err := Replace(text, "x", report()); !errors.Is(err, ErrMarkers) {
			t.Errorf("%q: %v, want ErrMarkers", text, err)
		}
	}
}
