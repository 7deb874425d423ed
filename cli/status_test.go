package main

import (
	"strings"
	"testing"
	"time"

	"longfirst/infer/worker"
)

// TestLogTakesTheStatusLine: a message must not be appended to the progress that is drawn on a terminal.
func TestLogTakesTheStatusLine(t *testing.T) {
	var screen strings.Builder
	status := &statusLine{w: &screen}
	log, err := newLog(status, "text", false)
	if err != nil {
		t.Fatal(err)
	}
	w := &watch{log: log, status: status}
	w.report(worker.Snapshot{Residues: 200, ResiduesDone: 100, Blocks: 4, BlocksDone: 2, Elapsed: time.Second})
	log.Info("a message")
	log.Info("another")
	w.report(worker.Snapshot{Residues: 200, ResiduesDone: 200, Blocks: 4, BlocksDone: 4, Elapsed: 2 * time.Second})
	w.end()
	const want = "\r\x1b[K 50 %  100 of 200 residues  100 residues/s  blocks 2 of 4  ETA 1s" +
		"\r\x1b[Ka message\nanother\n" +
		"\r\x1b[K100 %  200 of 200 residues  100 residues/s  blocks 4 of 4  ETA 0s\r\x1b[K"
	if got := screen.String(); got != want {
		t.Errorf("the screen got %q\nwant %q", got, want)
	}
}

// TestPlainProgress: elsewhere than on a terminal progress is lines of the log, and not at the first moment, when there is
// nothing to tell.
func TestPlainProgress(t *testing.T) {
	var lines strings.Builder
	log, err := newLog(&lines, "text", false)
	if err != nil {
		t.Fatal(err)
	}
	w := newWatch(log, true)
	w.report(worker.Snapshot{Residues: 100})
	if lines.Len() > 0 {
		t.Errorf("begins with %q", lines.String())
	}
	w.last = time.Time{}
	w.report(worker.Snapshot{Residues: 100, Blocks: 4})
	w.end()
	if want := "  0 %  0 of 100 residues  0 residues/s  blocks 0 of 4  ETA ?\n"; lines.String() != want {
		t.Errorf("got %q, want %q", lines.String(), want)
	}
}
