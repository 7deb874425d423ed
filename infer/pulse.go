package infer

import (
	"sync"
	"sync/atomic"
	"time"

	"longfirst/infer/backend"
)

// pulse tells from outside whether an Embedder gets on, while its goroutines are deep inside a batch.
type pulse struct {
	device  backend.Stepper // nil: the device says nothing between the ends of a batch
	batches atomic.Uint64   // begun and ended
	seen    uint64          // by the last call of beats

	mu     sync.Mutex
	rate   float64   // FLOP/s: what the device was said to reach, then what it did
	inHand int       // batches on the device
	since  time.Time // the oldest of them has the device to itself, about
	until  time.Time // they may take as long, as far as can be said
}

const (
	// A batch on a device that says nothing is believed for batchPatience times as long as the rate lets expect, and
	// leastPatience at least.
	batchPatience = 10
	leastPatience = 10 * time.Second
)

func newPulse(b backend.Backend) *pulse {
	stepper, _ := b.(backend.Stepper)
	return &pulse{device: stepper, rate: b.FLOPS()}
}

// begin notes that a batch of that cost is on the device.
func (p *pulse) begin(flops int64) {
	now := time.Now()
	p.batches.Add(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inHand++; p.inHand == 1 {
		p.since, p.until = now, now
	}
	p.until = p.until.Add(max(leastPatience, seconds(batchPatience*float64(flops)/max(1, p.rate))))
}

// end notes that the oldest batch, of that cost, is done.
func (p *pulse) end(flops int64) {
	now := time.Now()
	p.batches.Add(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if took := now.Sub(p.since).Seconds(); took > 0 && flops > 0 {
		p.rate = float64(flops) / took
	}
	p.since = now
	if p.inHand--; p.inHand == 0 {
		p.until = time.Time{}
	}
}

// beats reports whether there was progress since the last call, or there may be some that does not show. It must not be
// called by two goroutines at once.
func (p *pulse) beats(now time.Time) bool {
	count := p.batches.Load()
	if p.device != nil {
		count += p.device.Steps()
	}
	moved := count != p.seen
	p.seen = count
	if moved || p.device != nil {
		return moved
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return now.Before(p.until)
}

// seconds returns a duration of so many seconds, up to the longest there is.
func seconds(s float64) time.Duration {
	if s > time.Duration(1<<62).Seconds() {
		return 1 << 62
	}
	return time.Duration(s * float64(time.Second))
}
