package mapped

import (
	"bytes"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// evict takes a file out of the page cache, or skips the test where the file system keeps it.
func evict(t *testing.T, f *File) {
	t.Helper()
	file, err := os.OpenFile(f.Path(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		t.Fatal(err)
	}
	if f.Resident(0, 1) {
		t.Skip("this file system keeps its files in memory")
	}
}

func TestResidentAndPrefetch(t *testing.T) {
	content := bytes.Repeat([]byte("ACGT"), 200*int(pageSize)/4) // more pages than are asked about at a time
	f := openTest(t, write(t, content), true)
	f.RandomAccess()
	if !f.Resident(0, f.Size()) {
		t.Error("a file just written is not in memory")
	}
	if f.Resident(5, 5) || f.Resident(f.Size(), f.Size()+1) {
		t.Error("nothing is in memory")
	}
	evict(t, f)
	before := MajorFaults()
	view, err := f.View(0, f.Size(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for page := int64(20); page < 60; page += 2 { // Linux does not count every one
		if view[page*pageSize] != 'A' {
			t.Fatalf("%q", view[page*pageSize])
		}
	}
	if MajorFaults() == before {
		t.Error("pages were read from disk without a major fault")
	}
	if !f.Resident(20*pageSize, 20*pageSize+1) || f.Resident(0, f.Size()) {
		t.Error("of a file read at one place, that place is not in memory, or all is")
	}
	f.Prefetch(99*pageSize, 102*pageSize)
	for begun := time.Now(); !f.Resident(99*pageSize, 102*pageSize); time.Sleep(time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatal("what was prefetched is not in memory")
		}
	}
}

func TestNothingIsResidentUnmapped(t *testing.T) {
	if openTest(t, write(t, []byte("ACGT")), false).Resident(0, 4) {
		t.Error("a file that is not mapped is in memory")
	}
}
