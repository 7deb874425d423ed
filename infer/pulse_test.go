package infer

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"longfirst/index"
	"longfirst/infer/backend"
)

// silentDevice reaches a thousand FLOP/s and says nothing while a batch runs.
type silentDevice struct{ backend.Backend }

func (silentDevice) FLOPS() float64 { return 1000 }

func TestAPulseIsBelievedForAsLongAsTheRateLetsExpect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPulse(silentDevice{})
		if p.beats(time.Now()) {
			t.Error("it beats before anything was done")
		}
		// takes returns for how long into a batch of that cost the pulse is believed.
		takes := func(flops int64, long time.Duration) (believed time.Duration) {
			p.begin(flops)
			p.beats(time.Now()) // the begin of the batch
			begin := time.Now()
			for p.beats(time.Now()) {
				time.Sleep(time.Second)
			}
			believed = time.Since(begin)
			time.Sleep(max(0, long-believed))
			p.end(flops)
			return believed
		}
		for _, c := range []struct {
			flops      int64
			long, want time.Duration
		}{
			{10_000, 200 * time.Second, 100 * time.Second}, // 10 s at the rate it was said to reach; it reaches 50
			{10_000, 0, 2000 * time.Second},
			{1, 0, leastPatience},
		} {
			if got := takes(c.flops, c.long); got != c.want {
				t.Errorf("batch of %d FLOPs: believed for %v, want %v", c.flops, got, c.want)
			}
		}
		p.beats(time.Now())
		if p.beats(time.Now()) {
			t.Error("it beats after the last batch")
		}
	})
}

// TestAPulseIsBelievedForAllBatchesInHand: two batches take as long as both, and what one took is known when it ends.
func TestAPulseIsBelievedForAllBatchesInHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPulse(silentDevice{})
		believed := func() time.Duration {
			p.beats(time.Now()) // begins and ends
			begin := time.Now()
			for p.beats(time.Now()) {
				time.Sleep(time.Second)
			}
			return time.Since(begin)
		}
		p.begin(2000)
		p.begin(3000)
		if got := believed(); got != 50*time.Second {
			t.Errorf("two batches of 2 s and 3 s: believed for %v", got)
		}
		p.end(2000) // 40 FLOP/s
		p.begin(400)
		if got, want := believed(), 100*time.Second; got != want {
			t.Errorf("one more of 10 s by then: believed for %v more", got)
		}
		p.end(3000)
		p.end(400)
		if p.beats(time.Now()); p.beats(time.Now()) {
			t.Error("it beats after the last batch")
		}
	})
}

// TestTheCPUBeatsInsideABatch: its steps are seen, so that silence inside a batch of any length means something.
func TestTheCPUBeatsInsideABatch(t *testing.T) {
	x := buildIndex(t, manyRecords(10, 1))
	e := newEmbedder(t, x, 1, 512, 0)
	if e.pulse.device == nil {
		t.Fatal("the CPU backend counts no steps")
	}
	before := e.pulse.device.Steps()
	embedAll(t, e, index.Share(x.Len(), 0, 1), none)
	batches := e.pulse.batches.Load()
	if steps := e.pulse.device.Steps() - before; steps <= batches {
		t.Errorf("%d steps in %d begins and ends of batches", steps, batches)
	}
	if !e.Beats() || e.Beats() {
		t.Error("it beats once after the work is done")
	}
	if err := e.Embed(context.Background(), index.Range{Step: 1}, none, func(*Batch) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if e.Beats() {
		t.Error("it beats although there was nothing to do")
	}
}
