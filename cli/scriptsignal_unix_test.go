//go:build unix

package main

import (
	"fmt"
	"syscall"
)

// sendSignal sends a process a signal by name.
func sendSignal(pid int, name string) error {
	signal, ok := map[string]syscall.Signal{
		"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL, "STOP": syscall.SIGSTOP,
		"HUP": syscall.SIGHUP, "TSTP": syscall.SIGTSTP, "CONT": syscall.SIGCONT,
	}[name]
	if !ok {
		return fmt.Errorf("no signal %s", name)
	}
	return syscall.Kill(pid, signal)
}
