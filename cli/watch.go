package main

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"longfirst/infer/worker"
)

// watch shows the progress of a run: a line that is redrawn on a terminal, a line now and then elsewhere.
type watch struct {
	log      *slog.Logger
	status   *statusLine // nil when nothing is to be redrawn
	interval time.Duration
	last     time.Time
}

const (
	redrawInterval = 200 * time.Millisecond
	linesInterval  = 10 * time.Second
)

// newWatch returns a watch that redraws on a terminal unless plain.
func newWatch(log *slog.Logger, plain bool) *watch {
	if !plain && isTerminal(os.Stderr) {
		return &watch{log: log, status: stderr, interval: redrawInterval}
	}
	return &watch{log: log, interval: linesInterval, last: time.Now()}
}

func (w *watch) report(s worker.Snapshot) {
	if time.Since(w.last) < w.interval {
		return
	}
	w.last = time.Now()
	rate := float64(s.ResiduesDone) / max(s.Elapsed.Seconds(), 1e-3)
	eta := "?"
	if s.ResiduesDone > 0 {
		left := float64(max(0, s.Residues-s.ResiduesDone)) / rate
		eta = (time.Duration(left) * time.Second).String()
	}
	line := fmt.Sprintf("%3.0f %%  %s of %s residues  %.0f residues/s  blocks %d of %d  ETA %s",
		100*float64(s.ResiduesDone)/float64(max(1, s.Residues)), thousands(s.ResiduesDone), thousands(s.Residues), rate, s.BlocksDone, s.Blocks, eta)
	if w.status == nil {
		w.log.Info(line)
		return
	}
	w.status.draw(line)
}

// end clears the line that was redrawn.
func (w *watch) end() {
	if w.status != nil {
		w.status.clear()
	}
}
