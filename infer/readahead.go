package infer

import (
	"longfirst/index"
	"longfirst/mmapfasta/mapped"
)

// readahead tells the kernel which records are read next, where that helps: in length order, files larger than memory
// are read about ten times faster with it than without. Where all is in memory a hint is as dear as reading three records
// and helps nothing, so then none are given, until a page is waited for after all.
type readahead struct {
	quiet  bool  // all was in memory when last looked at: no hints
	faults int64 // of the process, when last looked at

	// A system may say of all pages that they are in memory (see mapped.File.Resident). So whenever pages were waited for
	// in spite of it, twice as many windows as before are hinted without asking.
	distrust int // windows
	blind    int // windows still to be hinted without asking
}

const (
	maxDistrust = 64
	// nearBytes is the gap up to which two records that follow each other in a file are hinted as one: reading what lies
	// between costs less than a second request.
	nearBytes = 16 << 10
)

// announce hints a window of entries, or decides not to. open holds the files by number.
func (a *readahead) announce(entries []index.Entry, open []*mapped.File) {
	faults := mapped.MajorFaults()
	waited := faults != a.faults
	a.faults = faults
	switch {
	case a.quiet && !waited:
		return
	case a.quiet:
		a.quiet = false
		a.distrust = min(max(1, 2*a.distrust), maxDistrust)
		a.blind = a.distrust
	}
	ask := a.blind == 0
	missing := false
	for i := 0; i < len(entries); {
		e := &entries[i]
		f, start, end := open[e.File], e.Offset, e.BodyEnd
		// Records of equal length stand in file order.
		for i++; i < len(entries) && entries[i].File == e.File && entries[i].Offset >= start && entries[i].Offset <= end+nearBytes; i++ {
			end = max(end, entries[i].BodyEnd)
		}
		if !ask || !f.Resident(start, end) {
			f.Prefetch(start, end)
			missing = true
		}
	}
	a.quiet = ask && !missing
	if !ask {
		a.blind--
	}
}
