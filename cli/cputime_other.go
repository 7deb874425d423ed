//go:build !unix

package main

import "time"

var started = time.Now()

// usedTime returns how long the process has been running.
func usedTime() time.Duration { return time.Since(started) }
