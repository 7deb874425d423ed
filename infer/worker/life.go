package worker

import (
	"sync"
	"time"

	"longfirst/infer/esm2"
)

// life sends signs of life while a child gets on. A child that is stopped sends none, nor does one whose computation
// hangs while its other goroutines run.
type life struct {
	mu       sync.Mutex
	believed func() bool // nil: there is nothing to do, and nothing to be told
	ended    chan struct{}
	sent     sync.WaitGroup
}

const (
	// What can't be watched is believed for as long as it takes on slow storage.
	publishingTime    = 10 * time.Minute
	leastLoadingTime  = 10 * time.Minute
	loadingBytesPerNS = 10e6 / 1e9
)

// loadingTime is how long opening the index and loading the model may take.
func loadingTime(model []esm2.FileStamp) time.Duration {
	var size int64
	for _, f := range model {
		size += f.Stamp.Size
	}
	return leastLoadingTime + time.Duration(float64(size)/loadingBytesPerNS)
}

// newLife calls send every interval, while there is something to be believed.
func newLife(interval time.Duration, send func() error) *life {
	l := &life{ended: make(chan struct{})}
	if interval <= 0 {
		return l
	}
	l.sent.Go(func() {
		ticks := time.NewTicker(interval)
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C:
			case <-l.ended:
				return
			}
			if !l.shows() {
				continue
			}
			if send() != nil {
				return // nobody listens: the child is about to end
			}
		}
	})
	return l
}

func (l *life) shows() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.believed != nil && l.believed()
}

// believe sends signs of life while beats reports progress.
func (l *life) believe(beats func() bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.believed = beats
}

// believeFor sends signs of life for that long, whatever happens.
func (l *life) believeFor(d time.Duration) {
	until := time.Now().Add(d)
	l.believe(func() bool { return time.Now().Before(until) })
}

// rest sends none until there is something to do again.
func (l *life) rest() { l.believe(nil) }

// end stops sending.
func (l *life) end() {
	close(l.ended)
	l.sent.Wait()
}
