//go:build !amd64 || purego

package mmapfasta

func scanBody(p []byte) (size, lineFeeds, low int, found bool) { return scanBodyGo(p, true) }

func scanHeader(p []byte) (end, idEnd, controls int, found bool) { return scanHeaderGo(p) }
