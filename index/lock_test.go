package index

import (
	"os"
	"testing"
)

// TestStaleLock: a lock file that a killed builder left goes with the next reuse; one that is held stays.
func TestStaleLock(t *testing.T) {
	f := newFixture(t)
	a := f.write("a.fa", ">x\nMKT\n")
	x, _ := f.ensure(Options{}, a)
	name := x.Path() + lockSuffix
	unlock, err := lock(t.Context(), x.Path(), func() {})
	if err != nil {
		t.Fatal(err)
	}
	if _, outcome := f.ensure(Options{}, a); outcome != Reused {
		t.Errorf("outcome %v", outcome)
	}
	if _, err := os.Stat(name); err != nil {
		t.Errorf("a lock that is held: %v", err)
	}
	unlock()
	if err := os.WriteFile(name, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	f.ensure(Options{}, a)
	f.onlyIndex()
}
