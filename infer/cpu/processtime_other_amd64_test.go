//go:build !linux && !purego

package cpu

import (
	"testing"
	"time"
)

var start = time.Now()

func processTime(testing.TB) time.Duration { return time.Since(start) }
