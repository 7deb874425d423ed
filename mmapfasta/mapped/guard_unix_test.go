//go:build linux || darwin

package mapped

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// cutFile maps a file of pages pages and truncates it to the first of them.
func cutFile(t *testing.T, pages int64) *File {
	t.Helper()
	f := openTest(t, write(t, bytes.Repeat([]byte{'A'}, int(pages*pageSize))), true)
	if err := os.Truncate(f.Path(), pageSize); err != nil {
		t.Fatal(err)
	}
	return f
}

var sink int

func TestGuardSeesTruncation(t *testing.T) {
	const pages = 4
	for name, touch := range map[string]func(f *File, view []byte){
		"loop": func(_ *File, view []byte) {
			for _, c := range view {
				sink += int(c)
			}
		},
		"bytes.IndexByte": func(_ *File, view []byte) { sink += bytes.IndexByte(view, '>') },
		"bytes.Count":     func(_ *File, view []byte) { sink += bytes.Count(view, []byte{'A'}) },
		"copy":            func(_ *File, view []byte) { sink += copy(make([]byte, len(view)), view) },
		"append":          func(_ *File, view []byte) { sink += len(append([]byte(nil), view...)) },
		"ReadAt": func(f *File, view []byte) {
			n, _ := f.reader.ReadAt(make([]byte, len(view)), 0)
			sink += n
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := cutFile(t, pages)
			view, err := f.View(0, f.Size(), nil)
			if err != nil {
				t.Fatal(err)
			}
			err = Guard(func() error { touch(f, view); return nil }, f)
			var truncated *TruncatedError
			if !errors.As(err, &truncated) || !errors.Is(err, ErrTruncated) {
				t.Fatalf("not a truncation: %v", err)
			}
			// Vector code and copies from the end may touch any page that is gone first.
			if truncated.Offset < pageSize || truncated.Offset >= f.Size() {
				t.Errorf("offset %d is not among the bytes cut off, [%d,%d)", truncated.Offset, pageSize, f.Size())
			}
			wantTruncated(t, err, TruncatedError{f.Path(), truncated.Offset, pages * pageSize, pageSize})
		})
	}
}

func TestGuardNamesTheByte(t *testing.T) {
	f := cutFile(t, 4)
	at := 2*pageSize + 77
	err := Guard(func() error { sink += int(f.view[at]); return nil }, f)
	wantTruncated(t, err, TruncatedError{f.Path(), at, 4 * pageSize, pageSize})
	if err := f.Unchanged(); !errors.Is(err, ErrChanged) {
		t.Errorf("Unchanged: %v", err)
	}
	// What is left can be read on.
	if err := Guard(func() error { sink += int(f.view[pageSize-1]); return nil }, f); err != nil {
		t.Error(err)
	}
}

func TestGuardNamesTheFile(t *testing.T) {
	whole := openTest(t, write(t, bytes.Repeat([]byte{'A'}, int(4*pageSize))), true)
	empty := openTest(t, write(t, nil), true)
	first, second := cutFile(t, 3), cutFile(t, 5)
	for _, cut := range []*File{first, second} {
		err := Guard(func() error { sink += int(cut.view[2*pageSize]); return nil }, empty, whole, first, second)
		wantTruncated(t, err, TruncatedError{cut.Path(), 2 * pageSize, cut.Size(), pageSize})
	}
	defer func() {
		fault, ok := recover().(interface{ Addr() uintptr })
		if !ok || fault.Addr() == 0 {
			t.Errorf("the fault in a file not guarded did not come through: %v", fault)
		}
	}()
	t.Error(Guard(func() error { sink += int(first.view[2*pageSize]); return nil }, whole, second))
}

func TestGuardRunsDeferredCallsAndRestores(t *testing.T) {
	before := debug.SetPanicOnFault(false)
	defer debug.SetPanicOnFault(before)
	f := cutFile(t, 2)
	deferred := false
	err := Guard(func() error {
		defer func() { deferred = true }()
		sink += int(f.view[pageSize])
		return nil
	}, f)
	if !errors.Is(err, ErrTruncated) || !deferred {
		t.Errorf("%v, deferred call ran: %v", err, deferred)
	}
	if debug.SetPanicOnFault(false) {
		t.Error("faults still panic after Guard")
	}
}

// A file cut off and written anew has its old size when the fault is looked at.
func TestGuardSeesFileWrittenAnew(t *testing.T) {
	f := cutFile(t, 2)
	err := Guard(func() error {
		defer func() {
			if err := os.Truncate(f.Path(), 2*pageSize); err != nil {
				t.Error(err)
			}
		}()
		sink += int(f.view[pageSize])
		return nil
	}, f)
	wantTruncated(t, err, TruncatedError{f.Path(), pageSize, 2 * pageSize, 2 * pageSize})
}

// A page that the file still has but that cannot be read, as on a failing disk, is not called truncated.
func TestGuardSeesUnreadablePage(t *testing.T) {
	f := openTest(t, write(t, bytes.Repeat([]byte{'A'}, int(2*pageSize))), true)
	if err := unix.Mprotect(f.view[pageSize:], unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	err := Guard(func() error { sink += int(f.view[pageSize+5]); return nil }, f)
	if !errors.Is(err, ErrUnreadable) || errors.Is(err, ErrTruncated) || !strings.Contains(err.Error(), f.Path()) {
		t.Error(err)
	}
}

func TestOpenRefusesPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); !errors.Is(err, ErrNotRegular) || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
}
