package worker

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// The supervisor itself runs here, in virtual time, over children that only sleep.

const (
	blocksOfShare = 16               // what a share is cut into at least
	blockTime     = 60 * time.Second // of a block on a healthy child
	batchesOf     = 20               // a block
)

// misfortune is what becomes of child 0 from some moment on.
type misfortune struct {
	kind string // "slow": it takes four times as long; "stopped": it does nothing and says nothing; "killed": and replaced; "none"
	at   time.Duration
}

// simulated is a run of n children of which child 0 meets a misfortune.
type simulated struct {
	children int
	bad      misfortune
	begin    time.Time
	spawned  int
}

// spawn starts a child that takes the protocol's part of a process.
func (s *simulated) spawn(slot int, events chan<- event) (*process, error) {
	in, stdin := io.Pipe()
	died := make(chan struct{})
	p := &process{slot: slot, pid: slot, stdin: stdin, to: &sender{w: stdin}}
	dead := false
	p.kill = func() {
		if !dead {
			dead = true
			close(died)
		}
	}
	s.spawned++
	first := s.spawned <= s.children
	tell := func(m Message) { events <- event{from: p, message: &m} }
	go func() {
		how := "exit status 0"
		if err := s.live(slot, first, json.NewDecoder(in), tell, died); err != nil {
			how = err.Error()
		}
		in.Close()
		events <- event{from: p, exit: &exited{slot: slot, how: how}}
	}()
	return p, nil
}

var errKilled = errors.New("signal: killed")

// live is a child's life: it computes what it is leased, in batches, and says so.
func (s *simulated) live(slot int, first bool, in *json.Decoder, tell func(Message), died <-chan struct{}) error {
	unlucky := slot == 0 && first
	sleep := func(d time.Duration) error {
		select {
		case <-time.After(d):
			return nil
		case <-died:
			return errKilled
		}
	}
	tell(Message{Ready: &Ready{}})
	for {
		var m Message
		leases := make(chan error, 1)
		go func() { leases <- in.Decode(&m) }()
		select {
		case err := <-leases:
			if err != nil {
				return nil
			}
		case <-died:
			return errKilled
		}
		for range batchesOf {
			took := blockTime / batchesOf
			if struck := unlucky && time.Since(s.begin) >= s.bad.at; struck {
				switch s.bad.kind {
				case "slow":
					took *= 4
				case "stopped":
					<-died
					return errKilled
				case "killed":
					return errKilled
				}
			}
			if err := sleep(took); err != nil {
				return err
			}
			tell(Message{Progress: &Progress{Rank: m.Lease.Rank, Block: m.Lease.Block, Residues: 1, Records: 1}})
		}
		tell(Message{Done: &Done{Rank: m.Lease.Rank, Block: m.Lease.Block, Counts: Counts{Records: 1}}})
	}
}

// run runs it and returns how long it took. Every block must be counted once.
func (s *simulated) run(t interface{ Fatalf(string, ...any) }) time.Duration {
	q := &queue{world: s.children, shares: make(map[int][]*task)}
	for rank := range s.children {
		q.ranks = append(q.ranks, rank)
		for b := range blocksOfShare {
			q.shares[rank] = append(q.shares[rank], &task{rank: rank, block: b, items: Items{int64(b), int64(b + 1)}, residues: batchesOf, flops: 1e9})
		}
	}
	s.begin = time.Now()
	v := &supervisor{devices: make([]string, s.children), queue: q, silence: DefaultSilence, spawn: s.spawn,
		log: slog.New(slog.DiscardHandler), report: func(Snapshot) {}}
	if err := v.supervise(context.Background()); err != nil {
		t.Fatalf("%d children, %+v: %v", s.children, s.bad, err)
	}
	took := time.Since(s.begin)
	if n := s.children * blocksOfShare; v.snapshot.BlocksDone != n || v.snapshot.Counts.Records != int64(n) {
		t.Fatalf("%d children, %+v: %d blocks done, %d counted, want %d", s.children, s.bad, v.snapshot.BlocksDone, v.snapshot.Counts.Records, n)
	}
	return took
}

// ideal is how long the run would take if work could be cut as fine as one likes and moved for nothing: a child that is
// slow does a quarter, one that is stopped nothing, one that is killed is replaced at once.
func (s *simulated) ideal() time.Duration {
	work := float64(s.children*blocksOfShare) * blockTime.Seconds() // child-seconds
	before := s.bad.at.Seconds() * float64(s.children)
	rest := map[string]float64{"none": 1, "killed": 1, "slow": 0.25, "stopped": 0}[s.bad.kind]
	if before >= work {
		return time.Duration(work / float64(s.children) * 1e9)
	}
	return s.bad.at + time.Duration((work-before)/(float64(s.children-1)+rest)*1e9)
}

// TestARunEndsWithinATenthOfTheIdeal: whatever becomes of one child, and when.
func TestARunEndsWithinATenthOfTheIdeal(t *testing.T) {
	worst := map[string]float64{}
	rapid.Check(t, func(rt *rapid.T) {
		s := simulated{children: rapid.IntRange(2, 12).Draw(rt, "children")}
		s.bad.kind = rapid.SampledFrom([]string{"none", "slow", "stopped", "killed"}).Draw(rt, "misfortune")
		s.bad.at = time.Duration(rapid.IntRange(0, int(blocksOfShare*blockTime.Seconds())).Draw(rt, "seconds")) * time.Second
		var took time.Duration
		synctest.Test(t, func(*testing.T) { took = s.run(rt) })
		excess := took.Seconds()/s.ideal().Seconds() - 1
		worst[s.bad.kind] = max(worst[s.bad.kind], excess)
		if excess > 0.10 {
			rt.Fatalf("%d children, %+v: %v, ideally %v: %.1f %% more", s.children, s.bad, took, s.ideal(), 100*excess)
		}
	})
	for kind, excess := range worst {
		t.Logf("%s: at most %.1f %% longer than ideal", kind, 100*excess)
	}
}
