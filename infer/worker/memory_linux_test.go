package worker

import (
	"math"
	"os"
	"testing"
)

func TestFreeMemoryIsKnown(t *testing.T) {
	if free, known := FreeMemory(); !known || free <= 0 || free == math.MaxInt64 {
		t.Errorf("%d, %v", free, known)
	}
	if peak := peakMemory(os.Getpid()); peak < 1<<20 {
		t.Errorf("this process held %d bytes", peak)
	}
	if peak := peakMemory(0); peak != 0 {
		t.Errorf("no process held %d bytes", peak)
	}
}
