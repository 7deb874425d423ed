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

	mu    sync.Mutex
	rate  float64   // FLOP/s: what the device was said to reach, then what it did
	until time.Time // the batch in hand may take as long, as far as can be said
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

// batch runs a batch of that cost.
func (p *pulse) batch(flops int64, run func() error) error {
	begin := time.Now()
	p.batches.Add(1)
	p.mu.Lock()
	p.until = begin.Add(max(leastPatience, seconds(batchPatience*float64(flops)/max(1, p.rate))))
	p.mu.Unlock()
	err := run()
	p.batches.Add(1)
	p.mu.Lock()
	p.until = time.Time{}
	if took := time.Since(begin).Seconds(); took > 0 && flops > 0 {
		p.rate = float64(flops) / took
	}
	p.mu.Unlock()
	return err
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
