package worker

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"time"
)

// supervisor runs the children of one run. All its state belongs to the goroutine of supervise.
type supervisor struct {
	orders  Orders
	devices []string // what CUDA_VISIBLE_DEVICES each child gets; one child for each
	queue   *queue
	silence time.Duration // of a child with work in hand before it is taken for hung
	spawn   func(slot int, events chan<- event) (*process, error)
	suspend <-chan os.Signal
	log     *slog.Logger
	report  func(Snapshot)
	journal *journal

	events    chan event
	restarts  chan int // slots whose pause is over
	children  map[int]*process
	deaths    []int     // of each slot, in a row
	paces     []pace    // of each slot
	pausing   int       // slots that wait for their restart
	patrolled time.Time // last
	last      error     // how the child that died last ended
	snapshot  Snapshot
}

// Snapshot is the state of a run for whoever watches it.
type Snapshot struct {
	Blocks, BlocksDone     int
	Residues, ResiduesDone int64 // to embed in this run, at most; embedded so far, lost blocks' included
	Counts                 Counts
	Children               int
	Elapsed                time.Duration
}

const (
	maxDeaths    = 5                      // of a slot in a row, then it is given up
	firstPause   = 100 * time.Millisecond // before a restart; doubles with each death in a row
	longestPause = 5 * time.Second
	patience     = time.Second // what a child is given to exit once its stdin has ended
)

// superviseProcesses supervises children that are processes with logs in a folder.
func (s *supervisor) superviseProcesses(ctx context.Context, command func() *exec.Cmd, heading func() string, logs string) error {
	spawner := newSpawner()
	defer spawner.close()
	s.spawn = func(slot int, events chan<- event) (*process, error) {
		cmd := command()
		cmd.Env = append(cmd.Environ(), visibleDevicesVariable+"="+s.devices[slot])
		return spawner.spawn(cmd, slot, logs, heading(), events)
	}
	suspensions, end := suspensions()
	defer end()
	s.suspend = suspensions
	return s.supervise(ctx)
}

// supervise computes every task of the queue. It returns when all children have exited.
func (s *supervisor) supervise(ctx context.Context) error {
	s.events = make(chan event)
	s.restarts = make(chan int, len(s.devices)) // room for every slot: a pause that ends after the run must not wait
	s.children = make(map[int]*process)
	s.deaths = make([]int, len(s.devices))
	s.paces = make([]pace, len(s.devices))
	s.orders.Beat = s.silence / beatsPerSilence
	begin := time.Now()
	s.patrolled = begin
	patrols := time.NewTicker(s.patrolInterval())
	defer patrols.Stop()
	s.snapshot.Blocks = s.queue.len()
	s.snapshot.Residues = s.queue.residues()
	var err error
	for slot := 0; slot < len(s.devices) && slot < s.snapshot.Blocks && err == nil; slot++ {
		err = s.startChild(slot)
	}
	for err == nil && s.unfinished() {
		s.snapshot.Elapsed, s.snapshot.Children = time.Since(begin), len(s.children)
		s.report(s.snapshot)
		select {
		case e := <-s.events:
			err = s.handle(e)
		case slot := <-s.restarts:
			s.pausing--
			err = s.startChild(slot)
		case <-patrols.C:
			s.patrol(time.Now())
		case <-s.suspend:
			suspend(s.children)
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		if err == nil && len(s.children)+s.pausing == 0 && s.unfinished() {
			err = fmt.Errorf("%w: %w", ErrNoWorkers, s.last)
		}
	}
	s.stop()
	s.snapshot.Elapsed = time.Since(begin)
	s.report(s.snapshot)
	return err
}

func (s *supervisor) unfinished() bool { return s.snapshot.BlocksDone < s.snapshot.Blocks }

func (s *supervisor) startChild(slot int) error {
	p, err := s.spawn(slot, s.events)
	if err != nil {
		return err
	}
	p.heard = time.Now()
	s.children[slot] = p
	return nil
}

func (s *supervisor) handle(e event) error {
	if e.exit != nil {
		return s.buried(e.from, e.exit)
	}
	p, m := e.from, e.message
	p.heard = time.Now()
	switch {
	case m.Hello != nil:
		orders := s.orders
		orders.VisibleDevices = s.devices[p.slot]
		s.tell(p, Message{Orders: &orders})
	case m.Ready != nil:
		s.readied(p, m.Ready.NumericClass)
	case m.Alive != nil:
	case m.Progress != nil:
		p.embedded += m.Progress.Residues
		s.snapshot.ResiduesDone += m.Progress.Residues
	case m.Done != nil && p.task != nil:
		s.done(p, *m.Done)
	case m.Failed != nil:
		return s.failed(p, *m.Failed)
	default:
		s.log.Error("worker process sent a message out of turn", "worker", p.slot)
		p.kill()
	}
	return nil
}

// readied gives a child that has loaded the model its first block.
func (s *supervisor) readied(p *process, class string) {
	s.log.Info("worker ready", "worker", p.slot, "pid", p.pid, "device", s.orders.Device, "numeric_class", class)
	p.ready = true
	s.assign(p)
}

// assign leases an idle child the next block, or, when all are in hand, the one that would otherwise be done last.
func (s *supervisor) assign(p *process) {
	now := time.Now()
	t := s.queue.take(p.slot, len(s.devices))
	if t == nil {
		if t = s.slowest(p, now); t == nil {
			return
		}
		s.log.Info("block leased to a second worker process, the first one being slow", "worker", p.slot, "rank", t.rank, "block", t.block)
	}
	p.second = t.holders > 0
	t.holders++
	p.task, p.lease, p.leased, p.embedded, p.heard = t, t.lease(), now, 0, now
	s.tell(p, Message{Lease: &p.lease})
}

// assignIdle gives work to children that had none left.
func (s *supervisor) assignIdle() {
	for slot := range s.devices {
		if p := s.children[slot]; p != nil && p.ready && p.task == nil {
			s.assign(p)
		}
	}
}

// release takes its task from a child.
func (p *process) release() *task {
	t := p.task
	p.task = nil
	t.holders--
	return t
}

// tell sends a message. A child that can't be told anything is about to be reported as exited.
func (s *supervisor) tell(p *process, m Message) {
	if err := p.to.send(m); err != nil {
		s.log.Debug("worker process does not listen", "worker", p.slot, "error", err)
	}
}

func (s *supervisor) done(p *process, d Done) {
	if p.task.done {
		s.note(p, OutcomeLate, "")
	} else {
		s.note(p, OutcomeDone, "", d.Counts)
	}
	t := p.release()
	s.deaths[p.slot] = 0
	if p.lease.Probe == nil {
		s.paces[p.slot].add(t.flops, time.Since(p.leased))
	}
	switch {
	case t.done: // another child was first
	case t.passed(p.lease, s.queue.world):
		t.done = true
		s.snapshot.BlocksDone++
		s.snapshot.Counts.Add(d.Counts)
	default:
		s.queue.putBack(t)
	}
	s.assign(p)
	s.assignIdle()
}

// failed deals with a child that reports a failure and lives on, or says why it is about to exit.
func (s *supervisor) failed(p *process, f Failed) error {
	if p.task != nil {
		s.note(p, OutcomeFailed, f.Error)
	}
	if f.StopsRun {
		return fmt.Errorf("worker process %d: %s", p.slot, f.Error)
	}
	if p.task == nil {
		s.log.Error("worker process can't start", "worker", p.slot, "error", f.Error)
		return nil
	}
	s.log.Warn("block failed", "worker", p.slot, p.lease.group(), "error", f.Error)
	if err := s.taskFailed(p, f.Error); err != nil {
		return err
	}
	s.assign(p)
	return nil
}

// taskFailed puts the block of a child back, unless another child has it in hand or has done it.
func (s *supervisor) taskFailed(p *process, reason string) error {
	t := p.release()
	if t.done || t.holders > 0 {
		return nil
	}
	if err := t.failed(p.lease, reason, s.queue.world); err != nil {
		return err
	}
	s.queue.putBack(t)
	return nil
}

// buried deals with a child that has exited, and starts another in its place after a pause.
func (s *supervisor) buried(p *process, end *exited) error {
	if p.silent {
		end.how = fmt.Sprintf("killed after %v without a sign of life", s.silence)
	}
	delete(s.children, p.slot)
	s.last = end
	s.deaths[p.slot]++
	pause := min(firstPause<<(s.deaths[p.slot]-1), longestPause)
	if p.task != nil {
		s.note(p, OutcomeDied, end.how)
		s.log.Warn("worker process died", "worker", p.slot, p.lease.group(), "how", end)
		if p.lease.Probe != nil {
			// The search for a record at fault costs a child per step; that is no sign of a sick device.
			s.deaths[p.slot], pause = 0, 0
		}
		if err := s.taskFailed(p, end.how); err != nil {
			return err
		}
		s.assignIdle()
	} else {
		s.journal.write(JournalLine{Death: &Death{p.slot, end.how}})
		s.log.Warn("worker process died", "worker", p.slot, "how", end)
	}
	if s.deaths[p.slot] >= maxDeaths {
		s.log.Error("worker process given up", "worker", p.slot, "deaths", s.deaths[p.slot])
		return nil
	}
	s.pausing++
	time.AfterFunc(pause, func() { s.restarts <- p.slot })
	return nil
}

// stop ends the children: their stdin ends, and whoever is still there after a while is killed. A child whose block
// another one has done may be one that does nothing any more, and has nothing to lose.
func (s *supervisor) stop() {
	for _, p := range s.children {
		switch {
		case p.task != nil && p.task.done:
			s.note(p, OutcomeLate, "")
		case p.task != nil:
			s.note(p, OutcomeStopped, "")
		}
		p.stdin.Close()
		if p.task != nil && p.task.done {
			p.kill()
		}
	}
	late := time.After(patience)
	for len(s.children) > 0 {
		select {
		case e := <-s.events:
			if e.exit != nil {
				delete(s.children, e.from.slot)
			}
		case <-late:
			for _, p := range s.children {
				p.kill()
			}
		}
	}
}

// note writes down how the lease of a child ended.
func (s *supervisor) note(p *process, outcome Outcome, why string, counts ...Counts) {
	e := &Ended{Worker: p.slot, Rank: p.lease.Rank, Block: p.lease.Block, Leased: p.leased.UTC(), Outcome: outcome,
		Second: p.second, Probe: p.lease.Probe != nil, Why: why}
	if len(counts) > 0 && !e.Probe {
		e.Counts, e.FLOPs = &counts[0], p.task.flops
	}
	s.journal.write(JournalLine{Lease: e})
}
