package inorder

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

func TestResultsComeInOrder(t *testing.T) {
	for threads := 1; threads <= 4; threads++ {
		for _, count := range []int64{0, 1, 2, 5, 100} {
			var taken, ahead atomic.Int64
			slots := make([]int64, threads+2)
			err := Do(count, threads, slots, func(slot *int64, number int64) {
				if number%3 == 0 {
					time.Sleep(time.Millisecond / 4)
				}
				if d := number - taken.Load(); d > ahead.Load() {
					ahead.Store(d)
				}
				*slot = number * number
			}, func(slot *int64, number int64) error {
				if *slot != number*number || number != taken.Load() {
					t.Errorf("%d threads: %d is taken as number %d with result %d", threads, number, taken.Load(), *slot)
				}
				taken.Add(1)
				return nil
			})
			if err != nil || taken.Load() != count || ahead.Load() > int64(len(slots)) {
				t.Errorf("%d threads: %v, %d of %d, %d ahead", threads, err, taken.Load(), count, ahead.Load())
			}
		}
	}
}

func TestErrorEndsAllWork(t *testing.T) {
	stop := errors.New("stop")
	before := runtime.NumGoroutine()
	var running atomic.Int64
	err := Do(1000, 3, make([]struct{}, 5), func(*struct{}, int64) {
		running.Add(1)
		time.Sleep(time.Millisecond)
		running.Add(-1)
	}, func(_ *struct{}, number int64) error {
		if number == 4 {
			return stop
		}
		return nil
	})
	if err != stop || running.Load() != 0 {
		t.Errorf("%v, %d are running", err, running.Load())
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}
