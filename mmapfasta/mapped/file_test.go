package mapped

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"
)

func write(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "some.fa")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func openTest(t *testing.T, path string, mapping bool) *File {
	t.Helper()
	f, err := open(path, mapping)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// bothWays runs a test on a mapped file and on one that is read.
func bothWays(t *testing.T, run func(t *testing.T, mapping bool)) {
	t.Run("mapped", func(t *testing.T) { run(t, true) })
	t.Run("read", func(t *testing.T) { run(t, false) })
}

func TestView(t *testing.T) {
	content := []byte(">a\nACGT\n>b\nTTGG\n")
	size := int64(len(content))
	bothWays(t, func(t *testing.T, mapping bool) {
		path := write(t, content)
		f := openTest(t, path, mapping)
		if f.Path() != path || f.Size() != size || f.Mapped() != mapping {
			t.Fatalf("%s, %d bytes, mapped %v", f.Path(), f.Size(), f.Mapped())
		}
		var scratch []byte
		for start := int64(0); start <= size; start++ {
			for end := start; end <= size; end++ {
				view, err := f.View(start, end, &scratch)
				if err != nil || !bytes.Equal(view, content[start:end]) {
					t.Fatalf("[%d,%d): %q, %v", start, end, view, err)
				}
				if mapping && cap(view) != len(view) {
					t.Fatalf("[%d,%d): room for append to write into the mapping", start, end)
				}
			}
		}
		if view, err := f.View(3, 7, nil); err != nil || string(view) != "ACGT" {
			t.Fatalf("without scratch: %q, %v", view, err)
		}
		if mapping && scratch != nil {
			t.Error("scratch was used though the file is mapped")
		}
		for _, span := range [][2]int64{{-1, 2}, {3, 2}, {0, size + 1}, {size + 1, size + 1}, {1 << 62, 1<<62 + 1}, {0, -1}} {
			if view, err := f.View(span[0], span[1], &scratch); !errors.Is(err, ErrRange) || !strings.Contains(err.Error(), path) {
				t.Errorf("%v: %q, %v", span, view, err)
			}
		}
	})
}

func TestViewIsTheMapping(t *testing.T) {
	f := openTest(t, write(t, []byte("ACGTACGT")), true)
	first, err := f.View(0, 8, nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := f.View(3, 8, nil)
	if err != nil {
		t.Fatal(err)
	}
	if unsafe.SliceData(second) != &first[3] {
		t.Error("two views of one byte differ in address")
	}
}

func TestViewDoesNotAllocate(t *testing.T) {
	bothWays(t, func(t *testing.T, mapping bool) {
		f := openTest(t, write(t, bytes.Repeat([]byte("ACGT\n"), 1000)), mapping)
		scratch := make([]byte, 0, 128)
		var sum int
		allocations := testing.AllocsPerRun(100, func() {
			view, err := f.View(1000, 1100, &scratch)
			if err != nil {
				t.Fatal(err)
			}
			sum += int(view[0])
		})
		if allocations != 0 {
			t.Errorf("%v allocations", allocations)
		}
	})
}

func TestEmptyFile(t *testing.T) {
	bothWays(t, func(t *testing.T, mapping bool) {
		f := openTest(t, write(t, nil), mapping)
		var scratch []byte
		if view, err := f.View(0, 0, &scratch); err != nil || len(view) != 0 {
			t.Errorf("%q, %v", view, err)
		}
		if _, err := f.View(0, 1, &scratch); !errors.Is(err, ErrRange) {
			t.Error(err)
		}
		f.Prefetch(0, 100)
		f.RandomAccess()
		if err := Guard(f.Unchanged, f); err != nil {
			t.Error(err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestClose(t *testing.T) {
	bothWays(t, func(t *testing.T, mapping bool) {
		path := write(t, []byte("ACGT"))
		f := openTest(t, path, mapping)
		for range 2 {
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
		var scratch []byte
		if _, err := f.View(0, 1, &scratch); !errors.Is(err, ErrClosed) || !strings.Contains(err.Error(), path) {
			t.Errorf("View: %v", err)
		}
		if err := f.Unchanged(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("Unchanged: %v", err)
		}
		f.Prefetch(0, 4)
		f.RandomAccess()
	})
}

func TestOpenRefuses(t *testing.T) {
	directory := t.TempDir()
	if _, err := Open(directory); !errors.Is(err, ErrDirectory) || !strings.Contains(err.Error(), directory) {
		t.Errorf("directory: %v", err)
	}
	if _, err := Open(filepath.Join(directory, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestHints(t *testing.T) {
	content := bytes.Repeat([]byte("ACGT\n"), 10000)
	bothWays(t, func(t *testing.T, mapping bool) {
		f := openTest(t, write(t, content), mapping)
		f.RandomAccess()
		for _, span := range [][2]int64{{0, 1}, {5000, 20000}, {-10, 1 << 40}, {20000, 5000}, {1 << 40, 1 << 41}} {
			f.Prefetch(span[0], span[1])
		}
		var scratch []byte
		if view, err := f.View(0, f.Size(), &scratch); err != nil || !bytes.Equal(view, content) {
			t.Errorf("content after hints: %v", err)
		}
	})
}

func TestReadSeesTruncation(t *testing.T) {
	path := write(t, []byte("ACGTACGT"))
	f := openTest(t, path, false)
	if err := os.Truncate(path, 3); err != nil {
		t.Fatal(err)
	}
	var scratch []byte
	_, err := f.View(1, 6, &scratch)
	wantTruncated(t, err, TruncatedError{Path: path, Offset: 3, OldSize: 8, NewSize: 3})
	if view, err := f.View(0, 3, &scratch); err != nil || string(view) != "ACG" {
		t.Errorf("what is left: %q, %v", view, err)
	}
}

func wantTruncated(t *testing.T, err error, want TruncatedError) {
	t.Helper()
	var got *TruncatedError
	if !errors.As(err, &got) || !errors.Is(err, ErrTruncated) {
		t.Fatalf("not a truncation: %v", err)
	}
	if *got != want {
		t.Errorf("%+v, want %+v", *got, want)
	}
	if !strings.Contains(err.Error(), want.Path) {
		t.Errorf("%q does not name the file", err)
	}
}
