package limits

import (
	"os"
	"path/filepath"
	"testing"
)

// What a read call fetched is in the page cache, and is not after it was evicted; so "uncached" is no mere word.
func TestEvictedPagesAreGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	text := make([]byte, 1<<20)
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Sync(); err != nil {
		t.Fatal(err)
	}
	if !resident(file, len(text)) {
		t.Error("a file just written is not in the page cache")
	}
	if evict(file, 0, int64(len(text))); resident(file, len(text)) {
		t.Skip("this file system keeps its pages in memory")
	}
}

func TestDiskReadsLeaveNothingInThePageCache(t *testing.T) {
	m := testMeter(t, 1)
	how, err := m.Method(Limit{DiskRead, 1})
	if err != nil {
		t.Skip(err)
	}
	evict(m.file, 0, m.size)
	if _, err := m.step(DiskRead, &m.workers[0]); err != nil {
		t.Fatal(err)
	}
	if how == "O_DIRECT" && resident(m.file, stepBytes) {
		t.Error("a direct read left pages in the page cache")
	}
}
