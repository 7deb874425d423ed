package infer

import (
	"context"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"longfirst/index"
)

// TestHintsEndWhereAllIsInMemory looks at what is decided; what the hints do is package mapped's.
func TestHintsEndWhereAllIsInMemory(t *testing.T) {
	x := buildIndex(t, manyRecords(3000, 1))
	s := NewSources(x)
	defer s.Close()
	a := &s.readahead
	each := func(fn func(*Record) error) {
		t.Helper()
		if err := s.Each(context.Background(), index.Share(x.Len(), 0, 1), fn); err != nil {
			t.Fatal(err)
		}
	}
	var entries []index.Entry
	each(func(*Record) error {
		entries = slices.Clone(s.current.entries)
		return nil
	})
	if !a.quiet || a.distrust != 0 {
		t.Fatalf("a file just written is hinted: %+v", *a)
	}

	// Pages were waited for, though all were said to be there: each time, more is hinted without asking.
	for _, want := range []int{1, 2, 4, 8, 16, 32, maxDistrust, maxDistrust} {
		a.faults--
		a.announce(entries, s.open)
		if a.quiet || a.distrust != want || a.blind != want-1 {
			t.Fatalf("distrust %d: %+v", want, *a)
		}
		for a.blind > 0 {
			a.announce(entries, s.open)
		}
		a.announce(entries, s.open)
		if !a.quiet {
			t.Fatalf("all is in memory, and hinted for ever: %+v", *a)
		}
	}
}

func TestHintsForWhatIsNotInMemory(t *testing.T) {
	x := buildIndex(t, manyRecords(3000, 1))
	file, err := os.OpenFile(x.Files()[0].Path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := NewSources(x)
	defer s.Close()
	evicted := false
	err = s.Each(context.Background(), index.Share(x.Len(), 0, 1), func(r *Record) error {
		if evicted || r.Position < windowEntries {
			return nil
		}
		evicted = true
		if err := file.Sync(); err != nil {
			return err
		}
		if err := unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
			return err
		}
		s.readahead.quiet = false
		s.readahead.announce(s.ahead.entries, s.open)
		if s.readahead.quiet && !s.open[0].Resident(0, s.open[0].Size()) {
			t.Error("a file that is not in memory is not hinted")
		}
		return nil
	})
	if err != nil || !evicted {
		t.Error(evicted, err)
	}
}
