//go:build unix

package worker

import (
	"os"
	"os/signal"
	"syscall"
)

// suspensions delivers requests from the terminal to stop for a while (Ctrl-Z). The children are in process groups of
// their own and get none of them.
func suspensions() (requests <-chan os.Signal, end func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGTSTP)
	return c, func() { signal.Stop(c) }
}

// suspend stops the children and this process, and lets the children go on when this process does.
func suspend(children map[int]*process) {
	// A process that stops itself runs on for a moment: only the signal that continues it tells that the stop is over.
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	for _, p := range children {
		syscall.Kill(-p.pid, syscall.SIGSTOP)
	}
	syscall.Kill(syscall.Getpid(), syscall.SIGSTOP)
	<-continued
	for _, p := range children {
		syscall.Kill(-p.pid, syscall.SIGCONT)
	}
}
