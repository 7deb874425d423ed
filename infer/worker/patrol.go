package worker

import "time"

const (
	// DefaultSilence is longer than storage usually makes a child wait; a run that ends meanwhile does not wait for it.
	DefaultSilence = time.Minute

	beatsPerSilence  = 10 // signs of life that a child gives in the time after which it is taken for hung
	longestPatrolGap = 250 * time.Millisecond
)

func (s *supervisor) patrolInterval() time.Duration {
	return max(time.Millisecond, min(longestPatrolGap, s.silence/beatsPerSilence))
}

// patrol kills children that give no sign of life, and looks for idle ones that could help a slow one by now.
func (s *supervisor) patrol(now time.Time) {
	// A supervisor that did not run itself, be it stopped or asleep with its machine, has heard nothing because it did
	// not listen. The same goes for a clock that jumped.
	if gap := now.Sub(s.patrolled); gap < 0 || gap > s.silence/2 {
		for _, p := range s.children {
			p.heard = now
		}
	}
	s.patrolled = now
	for _, p := range s.children {
		working := !p.ready || p.task != nil
		if working && !p.silent && now.Sub(p.heard) > s.silence {
			s.log.Warn("worker process gives no sign of life and is killed", "worker", p.slot, "pid", p.pid, "silent", now.Sub(p.heard).Round(time.Millisecond))
			p.silent = true
			p.kill()
		}
	}
	s.assignIdle()
}
