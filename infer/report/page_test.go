package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"longfirst/index"
	"longfirst/infer/output"
	"longfirst/infer/worker"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func after(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

// newDir makes a data set of which nothing but what the page is made from exists.
func newDir(t *testing.T) output.Dir {
	t.Helper()
	dir := output.Dir(filepath.Join(t.TempDir(), "out"))
	if err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	m := output.Manifest{Index: output.IndexSummary{Digest: "ab", Records: 1234, Residues: 99, Longest: 70},
		Model:   output.ModelSummary{Architecture: "ESM-2", Layers: 6, HiddenSize: 320, Path: "models/A & B"},
		Options: output.ContentOptions{MaxLength: 40, Gaps: "drop", DType: output.Float32, Columns: output.Columns{output.NewColumn(output.PoolMean, 6, 6, 320)}}, WorldSize: 1}
	if _, _, err := output.CreateManifest(dir, m); err != nil {
		t.Fatal(err)
	}
	return dir
}

// writeJournal writes the journal of the supervisor of a rank; half stands for a line that a kill cut off.
func writeJournal(t *testing.T, dir output.Dir, name string, lines []worker.JournalLine, half string) {
	t.Helper()
	var text []byte
	for _, line := range lines {
		one, err := json.Marshal(line)
		if err != nil {
			t.Fatal(err)
		}
		text = append(append(text, one...), '\n')
	}
	if err := os.WriteFile(filepath.Join(dir.Logs(), name), append(text, half...), 0o666); err != nil {
		t.Fatal(err)
	}
}

func begun(at, before int) worker.JournalLine {
	return worker.JournalLine{Time: after(at), Begun: &worker.Begun{Program: "longfirst 9.9", Machine: "host <1>", NumericClass: "cpu-x", Workers: 2, Threads: 3,
		World: 1, Ranks: []int{0}, Blocks: 5 - before, BlocksBefore: before, FLOPS: 4e9,
		Lengths: []index.LengthBin{{From: 8, To: 15, Records: 1}, {From: 16, To: 31, Records: 1000}, {From: 32, To: 63}, {From: 64, To: 127, Records: 2}}}}
}

func lease(from, to, number, block int, outcome worker.Outcome) worker.JournalLine {
	l := &worker.Ended{Worker: number, Block: block, Leased: after(from), Outcome: outcome}
	if outcome == worker.OutcomeDone {
		l.FLOPs, l.Counts = 20e9, &worker.Counts{Records: 10, Residues: 600, Unknown: 3, Truncated: 1, Cut: 7}
	}
	return worker.JournalLine{Time: after(to), Lease: l}
}

// eventful is a run that was killed, an hour's pause, and a run that did the rest.
func eventful() []worker.JournalLine {
	second := lease(3620, 3630, 1, 3, worker.OutcomeDone)
	second.Lease.Second = true
	died := lease(10, 15, 1, 1, worker.OutcomeDied)
	died.Lease.Why = "signal: killed <hard>"
	probe := lease(3600, 3602, 1, 4, worker.OutcomeDone)
	probe.Lease.Probe, probe.Lease.Counts = true, nil
	return []worker.JournalLine{
		begun(0, 0), lease(0, 10, 0, 0, worker.OutcomeDone), died, lease(15, 25, 1, 1, worker.OutcomeDone),
		begun(3600, 2), probe, lease(3600, 3610, 0, 2, worker.OutcomeDone), second, lease(3610, 3630, 0, 3, worker.OutcomeLate),
		{Time: after(3640), End: &worker.RunEnd{Error: "interrupted by signal: <interrupt>"}},
	}
}

func drawn(t *testing.T, dir output.Dir) string {
	t.Helper()
	if err := Write(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(dir.Report())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func eventfulPage(t *testing.T) (output.Dir, string) {
	dir := newDir(t)
	writeJournal(t, dir, "journal-r00000.jsonl", eventful(), `{"time":"2026-03-04T13:01:00Z","lea`)
	skips := []output.Skip{{Ordinal: 1, ID: "rec<1>", File: "a.fa", Reason: output.SkipFailed, Detail: "NaN"}}
	if err := output.WriteSkipped(dir, skips); err != nil {
		t.Fatal(err)
	}
	return dir, drawn(t, dir)
}

// TestContent looks for what a reader must find: four blocks in 65 seconds of work, an hour's pause left out.
func TestContent(t *testing.T) {
	_, text := eventfulPage(t)
	for _, part := range []string{
		"1,234 records, ESM-2 with 6 layers of 320", "Not complete", "40 records, 2,400 residues embedded in 1 min 05 s: 36.9 residues/s",
		"2.00 GFLOP/s, 50.0 % of what the device class was seen to reach", "host &lt;1&gt;", "2 × 3 threads, cpu-x", "models/A &amp; B",
		"no end is known: killed, or still running", "interrupted by signal: &lt;interrupt&gt;",
		"the worker process died: <span class=\"soft\">signal: killed &lt;hard&gt;</span>", "taken over from a slower worker process",
		"was done by another worker process before", "4 records by 28 residues", "12 residues, fed as &lt;unk&gt;",
		"16–31", "1,000 records", ">1 record<", "own unsteady", "rec&lt;1&gt;", "failed: NaN", "worker 1", `class="second"`, `class="other"`, "the pause is left out",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing", part)
		}
	}
	for _, part := range []string{"NaN ", "Inf", "ZgotmplZ", "done by these", "kept no journal"} {
		if strings.Contains(text, part) {
			t.Errorf("the page holds %q", part)
		}
	}
}

func TestNothingIsFetched(t *testing.T) {
	_, text := eventfulPage(t)
	if found := regexp.MustCompile(`(?i)https?:|src=|href=|url\(|@import|<script|<link|<iframe|<object`).FindString(text); found != "" {
		t.Errorf("the page holds %q", found)
	}
	if !strings.Contains(text, "prefers-color-scheme: dark") {
		t.Error("there is no dark page")
	}
}

// The page is well-formed XML too, so that a misplaced tag can't hide.
func TestWellFormed(t *testing.T) {
	_, full := eventfulPage(t)
	bare := newDir(t)
	writeJournal(t, bare, "journal-r00000.jsonl", []worker.JournalLine{begun(0, 4)}, "")
	for name, text := range map[string]string{"full": full, "bare": drawn(t, bare)} {
		d := xml.NewDecoder(strings.NewReader(text))
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

func TestWithoutAJournal(t *testing.T) {
	dir := newDir(t)
	if err := Write(dir); !errors.Is(err, ErrNoHistory) {
		t.Error(err)
	}
	writeJournal(t, dir, "journal-r00000.jsonl", eventful()[1:3], "") // its first line is lost
	if err := Write(dir); !errors.Is(err, ErrNoHistory) {
		t.Error(err)
	}
	if err := Write(output.Dir(t.TempDir())); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestSeveralSupervisors draws two that worked at a time: their time counts once, each has rows of its own.
func TestSeveralSupervisors(t *testing.T) {
	dir := newDir(t)
	writeJournal(t, dir, "journal-r00000.jsonl", []worker.JournalLine{begun(0, 0), lease(0, 10, 0, 0, worker.OutcomeDone)}, "")
	other := lease(5, 20, 0, 0, worker.OutcomeDone)
	other.Lease.Rank = 1
	start := begun(5, 0)
	start.Begun.Ranks = []int{1}
	writeJournal(t, dir, "journal-r00001.jsonl", []worker.JournalLine{start, other}, "")
	text := drawn(t, dir)
	for _, part := range []string{"20 records, 1,200 residues embedded in 20.0 s", "rank 0…, worker 0", "rank 1…, worker 0"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing", part)
		}
	}
	if strings.Contains(text, "the pause is left out") {
		t.Error("there was no pause")
	}
}

func TestRatesAddUp(t *testing.T) {
	row := &timelineRow{leases: []leased{
		{lease(0, 10, 0, 0, worker.OutcomeDone).Lease, 0, 10}, {lease(10, 10, 0, 1, worker.OutcomeDone).Lease, 10, 10}, {lease(33, 47, 0, 2, worker.OutcomeDone).Lease, 33, 47},
	}}
	var sum float64
	for _, rate := range row.rates(60) {
		sum += rate * 60 / rateBins
	}
	if sum < 1799 || sum > 1801 {
		t.Errorf("%v residues are drawn of 1800", sum)
	}
}

// TestManyBlocksStaySmall draws twenty thousand blocks: what is narrower than a line is one mark.
func TestManyBlocksStaySmall(t *testing.T) {
	lines := []worker.JournalLine{begun(0, 0)}
	for i := range 20_000 {
		line := lease(i, i+1, 0, i, worker.OutcomeDone)
		lines = append(lines, line)
	}
	dir := newDir(t)
	writeJournal(t, dir, "journal-r00000.jsonl", lines, "")
	if text := drawn(t, dir); len(text) > 200_000 {
		t.Errorf("the page has %d bytes", len(text))
	}
}
