package report

import (
	"cmp"
	"slices"
	"time"

	"longfirst/infer/output"
	"longfirst/infer/worker"
)

// run is what one supervisor did from its start to its end, or to the last that is known of it.
type run struct {
	*worker.Begun
	Journal  int // number of its journal
	From, To time.Time
	Leases   []*worker.Ended
	Ends     []time.Time // of the leases
	Deaths   int         // of worker processes with nothing in hand
	End      *worker.RunEnd
}

// history is what is known of a data set.
type history struct {
	Runs     []*run
	Journals int

	Blocks       int // done by these runs
	Counts       worker.Counts
	FLOPs        float64 // of leases that were done
	LeaseSeconds float64 // that they took, added up
}

// readHistory folds the journals of a data set.
func readHistory(dir output.Dir) (*history, error) {
	journals, err := worker.ReadJournals(dir)
	if err != nil {
		return nil, err
	}
	h := &history{Journals: len(journals)}
	for number, lines := range journals {
		var now *run
		for i := range lines {
			line := &lines[i]
			if line.Begun != nil {
				now = &run{Begun: line.Begun, Journal: number, From: line.Time}
				h.Runs = append(h.Runs, now)
			}
			if now == nil {
				continue // the journal's first line is lost
			}
			now.To = line.Time
			switch {
			case line.Lease != nil:
				now.Leases = append(now.Leases, line.Lease)
				now.Ends = append(now.Ends, line.Time)
			case line.Death != nil:
				now.Deaths++
			case line.End != nil:
				now.End = line.End
			}
		}
	}
	slices.SortStableFunc(h.Runs, func(a, b *run) int { return a.From.Compare(b.From) })
	h.count()
	return h, nil
}

// count adds up the blocks. One that was computed again, for a record that failed, counts as it was done last.
func (h *history) count() {
	type block struct{ rank, block int }
	last := map[block]*worker.Ended{}
	for _, r := range h.Runs {
		for i, l := range r.Leases {
			if l.Counts == nil || l.Outcome != worker.OutcomeDone {
				continue
			}
			last[block{l.Rank, l.Block}] = l
			h.FLOPs += l.FLOPs
			h.LeaseSeconds += r.Ends[i].Sub(l.Leased).Seconds()
		}
	}
	h.Blocks = len(last)
	for _, l := range last {
		h.Counts.Add(*l.Counts)
	}
}

// incident is a lease that did not simply end with its block.
type incident struct {
	When        time.Time
	Worker      int
	Rank, Block int
	What, Why   string
}

// incidents lists what went another way than planned, in order of time.
func (h *history) incidents() (list []incident) {
	what := map[worker.Outcome]string{
		worker.OutcomeFailed: "failed", worker.OutcomeDied: "the worker process died", worker.OutcomeStopped: "stopped with the run",
		worker.OutcomeLate: "was done by another worker process before",
	}
	for _, r := range h.Runs {
		for i, l := range r.Leases {
			text := what[l.Outcome]
			switch {
			case l.Outcome == worker.OutcomeDone && !l.Second:
				continue
			case l.Outcome == worker.OutcomeDone:
				text = "taken over from a slower worker process"
			case l.Probe:
				text += ", on part of the block, to find the record at fault"
			}
			list = append(list, incident{r.Ends[i], l.Worker, l.Rank, l.Block, text, l.Why})
		}
	}
	slices.SortStableFunc(list, func(a, b incident) int { return cmp.Compare(a.When.UnixNano(), b.When.UnixNano()) })
	return list
}
