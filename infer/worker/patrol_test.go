package worker

import (
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// patrolled is a supervisor of one child that was leased a block when it was last heard of.
func patrolled(heard time.Time) (s *supervisor, kills *int) {
	kills = new(int)
	p := &process{ready: true, task: &task{holders: 1}, heard: heard, kill: func() { *kills++ }}
	return &supervisor{devices: make([]string, 1), queue: &queue{}, children: map[int]*process{0: p}, paces: make([]pace, 1),
		silence: time.Minute, patrolled: heard, log: slog.New(slog.DiscardHandler)}, kills
}

func TestAChildWithoutASignOfLifeIsKilledOnce(t *testing.T) {
	begin := time.Now()
	s, kills := patrolled(begin)
	after := func(d time.Duration) int { s.patrol(begin.Add(d)); return *kills }
	for d := time.Second; d <= time.Minute; d += time.Second {
		if after(d) != 0 {
			t.Fatalf("killed after %v", d)
		}
	}
	if after(61*time.Second) != 1 || after(62*time.Second) != 1 {
		t.Fatalf("%d kills", *kills)
	}
}

func TestAnIdleChildNeedsNoSignOfLife(t *testing.T) {
	begin := time.Now()
	s, kills := patrolled(begin)
	s.children[0].task = nil
	for d := time.Second; d <= time.Hour; d += time.Second {
		s.patrol(begin.Add(d))
	}
	if *kills != 0 {
		t.Fatal("an idle child was killed")
	}
}

// TestAClockThatJumpsKillsNobody: forwards, backwards, or because the supervisor itself was stopped, or its machine
// asleep. Times carry no monotonic reading here, so the jumps show.
func TestAClockThatJumpsKillsNobody(t *testing.T) {
	now := time.Now().Round(0)
	for _, jump := range []time.Duration{time.Hour, -time.Hour, 365 * 24 * time.Hour, -365 * 24 * time.Hour, 31 * time.Second} {
		s, kills := patrolled(now)
		clock := now
		for step := range 200 {
			clock = clock.Add(time.Second)
			if step == 50 {
				clock = clock.Add(jump)
			}
			s.patrol(clock)
			if step%20 == 0 { // the child is heard now and then
				s.children[0].heard = clock
			}
		}
		if *kills != 0 {
			t.Errorf("jump of %v: killed", jump)
		}
		for range 62 {
			clock = clock.Add(time.Second)
			s.patrol(clock)
		}
		if *kills != 1 {
			t.Errorf("jump of %v: after it, a silent child is killed %d times", jump, *kills)
		}
	}
}

// TestLifeShowsWhileItIsBelieved: signs of life stop when what is believed does, not when the process does.
func TestLifeShowsWhileItIsBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var signs atomic.Int32
		l := newLife(time.Second, func() error { signs.Add(1); return nil })
		defer l.end()
		count := func(d time.Duration) int32 {
			before := signs.Load()
			time.Sleep(d)
			synctest.Wait()
			return signs.Load() - before
		}
		time.Sleep(time.Second / 2)
		if n := count(time.Minute); n != 0 {
			t.Errorf("%d signs of a child that has nothing to do", n)
		}
		var hangs atomic.Bool
		l.believe(func() bool { return !hangs.Load() })
		if n := count(time.Minute); n != 60 {
			t.Errorf("%d signs in a minute of work", n)
		}
		hangs.Store(true)
		if n := count(time.Minute); n != 0 {
			t.Errorf("%d signs of a child that hangs", n)
		}
		l.believeFor(10 * time.Second)
		if n := count(time.Minute); n != 10 {
			t.Errorf("%d signs in what takes ten seconds at most", n)
		}
	})
}
