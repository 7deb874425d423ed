//go:build !purego

package mmapfasta

import "golang.org/x/sys/cpu"

// useAVX2 selects the assembly; tests clear it to compare.
var useAVX2 = cpu.X86.HasAVX2 && cpu.X86.HasPOPCNT

// bodyBlocks is scanBody over whole blocks of 64 bytes, the byte before p being a line feed. Where no record starts it
// returns the size of the blocks.
//
//go:noescape
func bodyBlocks(p *byte, blocks int) (size, lineFeeds, low int, found bool)

// headerBlocks is scanHeader over whole blocks of 64 bytes. Without a line feed end is the size of the blocks; idEnd is
// -1 before the end of the id.
//
//go:noescape
func headerBlocks(p *byte, blocks int) (end, idEnd, controls int, found bool)

const blockSize = 64

func scanBody(p []byte) (size, lineFeeds, low int, found bool) {
	if !useAVX2 || len(p) < blockSize {
		return scanBodyGo(p, true)
	}
	size, lineFeeds, low, found = bodyBlocks(&p[0], len(p)/blockSize)
	if found || size == len(p) {
		return size, lineFeeds, low, found
	}
	restSize, restLineFeeds, restLow, found := scanBodyGo(p[size:], p[size-1] == '\n')
	return size + restSize, lineFeeds + restLineFeeds, low + restLow, found
}

func scanHeader(p []byte) (end, idEnd, controls int, found bool) {
	if !useAVX2 || len(p) < blockSize {
		return scanHeaderGo(p)
	}
	end, idEnd, controls, found = headerBlocks(&p[0], len(p)/blockSize)
	if found || end == len(p) {
		return end, idEnd, controls, found
	}
	restEnd, restIDEnd, restControls, found := scanHeaderGo(p[end:])
	if idEnd < 0 && restIDEnd >= 0 {
		idEnd = end + restIDEnd
	}
	return end + restEnd, idEnd, controls + restControls, found
}
