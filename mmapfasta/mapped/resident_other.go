//go:build !linux

package mapped

func resident([]byte) bool { return false }

func majorFaults() int64 { return 0 }
