package main

import (
	"fmt"
	"os"
)

// sendSignal can only kill here.
func sendSignal(pid int, name string) error {
	if name != "KILL" {
		return fmt.Errorf("no signal %s", name)
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Kill()
}
