package worker

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"longfirst/infer/output"
)

// TestAJournalSurvivesAKill cuts a journal at every byte and goes on: of the first run the lines that are whole are left, of
// the second all.
func TestAJournalSurvivesAKill(t *testing.T) {
	dir := output.Dir(t.TempDir())
	if err := os.Mkdir(dir.Logs(), 0o777); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir.Logs(), "journal-r00003.jsonl")
	write := func(blocks ...int) {
		j := openJournal(dir, 3, slog.New(slog.DiscardHandler))
		defer j.close()
		j.write(JournalLine{Begun: &Begun{Machine: "here\nthere", Ranks: []int{3}}})
		for _, block := range blocks {
			j.write(JournalLine{Lease: &Ended{Block: block, Outcome: OutcomeDone, Counts: &Counts{Records: 1}}})
		}
	}
	write(1, 2)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) + 1 {
		if err := os.WriteFile(path, whole[:cut], 0o666); err != nil {
			t.Fatal(err)
		}
		write(7)
		journals, err := ReadJournals(dir)
		if err != nil || len(journals) != 1 {
			t.Fatalf("%d journals: %v", len(journals), err)
		}
		lines := journals[0]
		kept := bytes.Count(whole[:cut], []byte{'\n'})
		if cut < len(whole) && cut > 0 && whole[cut] == '\n' {
			kept++ // nothing but the line's end is missing
		}
		if len(lines) != kept+2 || lines[kept].Begun == nil || lines[kept+1].Lease.Block != 7 {
			t.Fatalf("cut at %d of %d, %d lines are left of %d: %+v", cut, len(whole), len(lines), kept+2, lines)
		}
	}
	if err := removeJournals(dir); err != nil {
		t.Fatal(err)
	}
	if journals, err := ReadJournals(dir); err != nil || len(journals) != 0 {
		t.Errorf("%d journals are left: %v", len(journals), err)
	}
}

// TestNoJournalIsNoReasonToStop writes a journal where there is no folder for it.
func TestNoJournalIsNoReasonToStop(t *testing.T) {
	var log strings.Builder
	j := openJournal(output.Dir(filepath.Join(t.TempDir(), "gone")), 0, slog.New(slog.NewTextHandler(&log, nil)))
	for range 3 {
		j.write(JournalLine{End: &RunEnd{}})
	}
	j.close()
	if n := strings.Count(log.String(), "not written down"); n != 1 {
		t.Errorf("it was said %d times: %s", n, log.String())
	}
}
