package mapped

import "os"

var pageSize = int64(os.Getpagesize())

// Prefetch asks the system to read [start, end) ahead, in the background. Bounds outside the file are cut. It is a hint:
// it does nothing where the file is not mapped or the platform has no such call.
func (f *File) Prefetch(start, end int64) {
	start = max(start, 0) &^ (pageSize - 1)
	end = min(end, int64(len(f.view)))
	if start < end {
		adviseWillNeed(f.view[start:end])
	}
}

// RandomAccess tells the system that views are taken in no order of offsets, so that a fault reads one page and not its
// neighbours. Reading a file larger than memory longest first needs it together with Prefetch. It is a hint.
func (f *File) RandomAccess() {
	if len(f.view) > 0 {
		adviseRandom(f.view)
	}
}
