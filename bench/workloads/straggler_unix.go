//go:build unix

package workloads

import (
	"context"
	"os"
	"syscall"
	"time"
)

// fates are a process that runs a quarter of the time, one that does nothing any more and says nothing, and one that is
// gone.
func fates() []fate {
	return []fate{{"slowed-4x", 1. / 4, slow}, {"stopped", 0, stop}, killed}
}

// slow lets a process run for one of four ticks until the run is over.
func slow(ctx context.Context, child *os.Process) error {
	const tick = 10 * time.Millisecond
	defer child.Signal(syscall.SIGCONT)
	ticks := time.NewTicker(tick)
	defer ticks.Stop()
	for n := 0; ; n++ {
		var err error
		switch n % 4 {
		case 0:
			err = child.Signal(syscall.SIGSTOP)
		case 3:
			err = child.Signal(syscall.SIGCONT)
		}
		if err != nil {
			return nil // it has ended
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func stop(_ context.Context, child *os.Process) error { return child.Signal(syscall.SIGSTOP) }
