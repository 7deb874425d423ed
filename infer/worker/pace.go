package worker

import (
	"math"
	"time"
)

// pace is what a slot's child was measured to do: a mean over its blocks in which each weighs half of what the next one
// does, so that a child that becomes slow is soon known as slow.
type pace struct{ flops, seconds float64 }

func (p *pace) add(flops float64, took time.Duration) {
	p.flops = p.flops/2 + flops
	p.seconds = p.seconds/2 + took.Seconds()
}

// rate returns FLOP/s, 0 when nothing was measured.
func (p pace) rate() float64 {
	if p.seconds == 0 {
		return 0
	}
	return p.flops / p.seconds
}

// rateOf returns what the child of a slot is expected to do: what it did, or, before its first block, what the others do.
func (s *supervisor) rateOf(slot int) float64 {
	if r := s.paces[slot].rate(); r > 0 {
		return r
	}
	var all pace
	for _, p := range s.paces {
		all.flops += p.flops
		all.seconds += p.seconds
	}
	return all.rate()
}

// priorWeight is the share of a block's expected time for which a child's earlier blocks count beside what it has done of
// this one.
const priorWeight = 0.1

// remaining estimates the seconds until a child has done the block in its hands, at the pace it has shown on it. That is
// infinite for a child that should have been done a while ago.
func (s *supervisor) remaining(p *process, now time.Time) float64 {
	flops, rate, spent := p.task.flops, s.rateOf(p.slot), now.Sub(p.leased).Seconds()
	if rate == 0 || spent > worthwhile*flops/rate {
		return math.Inf(1)
	}
	done := flops * min(1, float64(p.embedded)/float64(max(1, p.task.residues)))
	prior := priorWeight * flops / rate
	shown := (done + prior*rate) / (spent + prior)
	return (flops - done) / shown
}

// worthwhile is how many times longer than expected a block must take before an idle child computes it as well: longer
// than that child needs for all of it, or than its holder should have needed. Children of equal speed are not to do
// everything twice at the end of a run.
const worthwhile = 1.25

// slowest returns the block that an idle child should compute although another has it in hand: of those that the idle one
// would have done first, the one that would be done last. Equal parts are renamed over each other, so the first one to
// finish publishes the block and the other does no harm.
func (s *supervisor) slowest(idle *process, now time.Time) (found *task) {
	rate := s.rateOf(idle.slot)
	if rate == 0 {
		return nil
	}
	var most float64
	for _, p := range s.children {
		t := p.task
		if t == nil || t.done || t.holders > 1 || p.lease.Probe != nil {
			continue
		}
		left := s.remaining(p, now)
		if left > worthwhile*t.flops/rate && (left > most || left == most && found != nil && t.before(found)) {
			found, most = t, left
		}
	}
	return found
}
