package worker

import (
	"fmt"

	"longfirst/infer"
)

// task is a block that has no part yet.
type task struct {
	rank, block int
	items       Items   // of the share
	residues    int64   // to embed, at most
	flops       float64 // estimated
	holders     int     // children that compute it: two when the first is slow and another has nothing else to do
	done        bool    // its part is published
	failures    int     // in a row, of the block as a whole
	search      *bisection
	searched    bool
	refuse      map[int64]string // position -> reason, found by the search
}

// failuresBeforeSearch is how often a block may fail before the record at fault is looked for: once may be chance.
const failuresBeforeSearch = 2

// before orders tasks by rank and block.
func (t *task) before(other *task) bool {
	return t.rank < other.rank || t.rank == other.rank && t.block < other.block
}

// lease returns what to compute next of the task.
func (t *task) lease() Lease {
	l := Lease{Rank: t.rank, Block: t.block, Refuse: t.refuse}
	if t.search != nil {
		if probe, ok := t.search.next(); ok {
			l.Probe = &Items{probe.Start - t.items.Start, probe.Stop - t.items.Start}
		}
	}
	return l
}

// passed takes note that a lease of the task was done, and tells whether the block is.
func (t *task) passed(l Lease, world int) (done bool) {
	if l.Probe == nil {
		return true
	}
	t.search.passed()
	t.settle(world)
	return false
}

// failed takes note that a lease of the task failed. It returns an error when the block can't be done.
func (t *task) failed(l Lease, reason string, world int) error {
	if l.Probe != nil {
		t.search.failed(t.probed(l), reason)
		t.settle(world)
		return nil
	}
	if t.failures++; t.failures < failuresBeforeSearch {
		return nil
	}
	if t.searched {
		return fmt.Errorf("rank %d, block %d fails although each of its records was computed alone or refused: %s", t.rank, t.block, reason)
	}
	t.search = newBisection(t.items, reason)
	t.settle(world)
	return nil
}

func (t *task) probed(l Lease) Items {
	return Items{l.Probe.Start + t.items.Start, l.Probe.Stop + t.items.Start}
}

// settle ends the search once nothing is in doubt: the block is then computed without the records at fault.
func (t *task) settle(world int) {
	if _, open := t.search.next(); open {
		return
	}
	t.refuse = make(map[int64]string, len(t.search.culprits))
	for item, reason := range t.search.culprits {
		t.refuse[int64(t.rank)+item*int64(world)] = "the worker process failed on this record: " + reason
	}
	t.search, t.searched, t.failures = nil, true, 0
}

// queue holds the blocks to compute, by rank, the longest records first.
type queue struct {
	world  int
	ranks  []int
	shares map[int][]*task
}

// newQueue lists the blocks of the ranks that has does not know of.
func newQueue(plan *infer.Plan, ranks []int, maxLength int64, has func(rank, block int) bool) (*queue, error) {
	q := &queue{world: plan.World, ranks: ranks, shares: make(map[int][]*task)}
	for _, rank := range ranks {
		cuts, err := plan.Cuts(rank)
		if err != nil {
			return nil, err
		}
		var tasks []*task
		for b := range cuts.Blocks() {
			if has(rank, b) {
				continue
			}
			start, stop := cuts.Block(b)
			t := &task{rank: rank, block: b, items: Items{start, stop}}
			for length, err := range plan.Index.Lengths(plan.Share(rank).Sub(start, stop)) {
				if err != nil {
					return nil, err
				}
				if maxLength > 0 {
					length = min(length, maxLength)
				}
				t.residues += length
				t.flops += float64(plan.Rule.FLOPs(length))
			}
			tasks = append(tasks, t)
		}
		q.shares[rank] = tasks
	}
	return q, nil
}

// take removes and returns the next task for child number slot of slots: of its own ranks while they have any, then of
// the rank that has most left. It returns nil when there is none.
func (q *queue) take(slot, slots int) *task {
	from := -1
	for i, rank := range q.ranks {
		if len(q.shares[rank]) == 0 {
			continue
		}
		if i%slots == slot%slots {
			from = rank
			break
		}
		if from < 0 || len(q.shares[rank]) > len(q.shares[from]) {
			from = rank
		}
	}
	if from < 0 {
		return nil
	}
	t := q.shares[from][0]
	q.shares[from] = q.shares[from][1:]
	return t
}

// putBack makes a task the next one of its rank.
func (q *queue) putBack(t *task) { q.shares[t.rank] = append([]*task{t}, q.shares[t.rank]...) }

// len returns the number of tasks nobody has taken.
func (q *queue) len() (n int) {
	for _, tasks := range q.shares {
		n += len(tasks)
	}
	return n
}

// residues returns the residues of those tasks.
func (q *queue) residues() (n int64) {
	for _, tasks := range q.shares {
		for _, t := range tasks {
			n += t.residues
		}
	}
	return n
}
