package index

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestDefaultPath(t *testing.T) {
	f := newFixture(t)
	a, b, c := f.write("a.fa", ">a\nM\n"), f.write("b.fa", ">b\nM\n"), f.write("c.fa", ">c\nM\n")
	seen := map[string]bool{}
	for _, list := range [][]string{{a}, {b}, {a, b}, {a, c}, {b, a}, {a, b, c}} {
		path, err := DefaultPath(list)
		if err != nil {
			t.Fatal(err)
		}
		if seen[path] {
			t.Errorf("%v: %s is that of another list", list, path)
		}
		seen[path] = true
		name := filepath.Base(path)
		switch {
		case filepath.Dir(path) != f.folder:
			t.Errorf("%s is not beside the files", path)
		case len(list) == 1 && path != list[0]+".lfx":
			t.Errorf("%s for %v", path, list)
		case len(list) == 3 && !strings.HasPrefix(name, "a.fa+2-"):
			t.Errorf("%s for %v", path, list)
		}
	}
	t.Chdir(f.folder)
	if path, _ := DefaultPath([]string{"a.fa"}); path != a+".lfx" {
		t.Errorf("%s for a relative path", path)
	}
}

func readOnly(string) bool { return false }

func TestPlaceOfFilesThatCannotBeWrittenBeside(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the cache folder is set by XDG_CACHE_HOME on Linux")
	}
	f := newFixture(t)
	t.Setenv("XDG_CACHE_HOME", f.path("cache"))
	a, b := f.write("a.fa", ">a\nM\n"), f.write("b.fa", ">b\nM\n")
	cached, err := defaultPath([]string{a}, readOnly)
	if err != nil || filepath.Dir(cached) != f.path("cache/longfirst") || !strings.HasPrefix(filepath.Base(cached), "a.fa-") {
		t.Errorf("%s, %v", cached, err)
	}
	if list, err := defaultPath([]string{a, b}, readOnly); err != nil || list == cached || !strings.HasPrefix(filepath.Base(list), "a.fa+1-") {
		t.Errorf("%s, %v", list, err)
	}
	x, outcome := f.ensure(Options{Path: mkdirs(t, cached)}, a)
	if outcome != Created || x.Files()[0].Path != a {
		t.Errorf("%v %s", outcome, x.Files()[0].Path)
	}

	f.ensure(Options{}, a) // an index that somebody else put beside the file
	if path, err := defaultPath([]string{a}, readOnly); err != nil || path != a+".lfx" {
		t.Errorf("the valid index beside the file is not used: %s, %v", path, err)
	}
	f.write("a.fa", ">a\nMM\n")
	f.stale = true
	if path, err := defaultPath([]string{a}, readOnly); err != nil || path != cached {
		t.Errorf("the stale index beside the file is used: %s, %v", path, err)
	}
}

func mkdirs(t *testing.T, path string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSpaceIsCheckedBeforeWriting(t *testing.T) {
	f := newFixture(t)
	free, known := freeSpace(f.folder)
	if !known || free <= 0 {
		t.Skipf("free space is %d, %v", free, known)
	}
	_, _, err := writeBeside(t.Context(), f.path("x.lfx"), content{size: 1 << 62})
	if err == nil || !strings.Contains(err.Error(), ErrNoSpace.Error()) || !strings.Contains(err.Error(), "--index") {
		t.Error(err)
	}
	f.onlyFASTA()
}

func (f *fixture) onlyFASTA() {
	f.t.Helper()
	left, _ := os.ReadDir(f.folder)
	for _, e := range left {
		if !strings.HasSuffix(e.Name(), ".fa") {
			f.t.Errorf("left behind: %s", e.Name())
		}
	}
}
