//go:build !amd64 || purego

package limits

func vectorLoops() []fmaLoop { return nil }
