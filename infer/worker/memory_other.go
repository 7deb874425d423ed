//go:build !linux

package worker

// FreeMemory returns the bytes that processes may still take, and whether that is known; it is on Linux.
func FreeMemory() (free int64, known bool) { return 0, false }

// peakMemory returns the most bytes that a process has held at a time, which is known on Linux.
func peakMemory(pid int) int64 { return 0 }
