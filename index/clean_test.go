package index

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"longfirst/mmapfasta"
	"longfirst/mmapfasta/expand"
)

// cleaned runs Clean and returns the names of what it removed and of what it kept.
func (f *fixture) cleaned(opt CleanOptions) (removed, kept []string) {
	f.t.Helper()
	items, err := Clean(opt)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, item := range items {
		if item.Kept != "" {
			kept = append(kept, filepath.Base(item.Path))
		} else {
			removed = append(removed, filepath.Base(item.Path))
		}
	}
	slices.Sort(removed)
	slices.Sort(kept)
	return removed, kept
}

// files returns all files below the fixture's folder with their content.
func (f *fixture) files() map[string]string {
	files := map[string]string{}
	filepath.WalkDir(f.folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			content, _ := os.ReadFile(path)
			files[path] = string(content)
		}
		return nil
	})
	return files
}

func TestCleanRemovesTextsThatNobodyUses(t *testing.T) {
	f := newFixture(t).withCache()
	f.stale = true
	a, b := f.write("a.fa.gz", gzipped(">a\nMKV\n")), f.write("b.fa.zst", zstdOf(">b\nMK\n"))
	used, _ := f.ensure(Options{}, a)
	other, _ := f.ensure(Options{}, b)
	other.Close()
	before := f.files()
	dry, _ := f.cleaned(CleanOptions{DryRun: true})
	if !slices.Equal(dry, []string{textName(b)}) || !maps.Equal(f.files(), before) {
		t.Errorf("a dry run: %v", dry)
	}
	removed, kept := f.cleaned(CleanOptions{Indexes: true})
	if !slices.Equal(removed, dry) || !slices.Equal(kept, []string{textName(a)}) {
		t.Errorf("removed %v, kept %v", removed, kept)
	}
	for path, content := range f.files() {
		if before[path] != content {
			t.Errorf("%s is new or another", path)
		}
	}
	if left := f.cached(); !slices.Equal(left, []string{textName(a), textName(a) + factsSuffix}) {
		t.Errorf("left: %v", left)
	}
	used.Close()
	if removed, _ := f.cleaned(CleanOptions{Files: []string{b}}); len(removed) > 0 {
		t.Errorf("removed %v for another file", removed)
	}
	if removed, _ := f.cleaned(CleanOptions{Files: []string{a}, Indexes: true}); !slices.Equal(removed, []string{textName(a), "a.fa.gz.lfx"}) {
		t.Errorf("removed %v", removed)
	}
}

// TestCleanLeavesWhatIsNotOurs: files of others in our folder, and what only looks like ours.
func TestCleanLeavesWhatIsNotOurs(t *testing.T) {
	f := newFixture(t).withCache()
	folder := f.path("cache/texts")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	whole := textFact{Holds: textKind, Source: f.path("other.fa.gz"), Format: "gzip"}
	for name, content := range map[string]string{
		"a.fa": ">a\nM\n", "notes.facts": "{}", "b.fa-0123456789ab.fa": ">b\nM\n", "c.fa": "x", "d.tmp": "x",
		"e.123.tmp": "x", "stdin-0123.fa": "x", "proteins.lfx": "not an index", "data.fa": "data",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := whole.write(filepath.Join(folder, "data.fa")); err != nil { // facts that name another file
		t.Fatal(err)
	}
	before := f.files()
	removed, kept := f.cleaned(CleanOptions{Indexes: true})
	if len(removed)+len(kept) > 0 || !maps.Equal(f.files(), before) {
		t.Errorf("removed %v, kept %v", removed, kept)
	}
	strays := []string{"a.fa-0123456789ab.fa.17.tmp", "a.fa-0123456789ab.fa.facts.17.tmp", "stdin.4711.tmp"}
	for _, name := range strays {
		os.WriteFile(filepath.Join(folder, name), []byte(">a\n"), 0o644)
	}
	if removed, _ := f.cleaned(CleanOptions{}); !slices.Equal(removed, strays) || !maps.Equal(f.files(), before) {
		t.Errorf("removed %v of %v", removed, strays)
	}
}

// TestSpool: the same text is the same file, however it comes.
func TestSpool(t *testing.T) {
	f := newFixture(t).withCache()
	text := fastaText(shortRecords(500, 100, 1))
	paths := map[string]bool{}
	for name, content := range map[string]string{"plain": text, "gzip": gzipped(text), "zstd": zstdOf(text)} {
		path, release, err := Spool(t.Context(), strings.NewReader(content), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		paths[path] = true
		if kept, err := os.ReadFile(path); err != nil || string(kept) != text {
			t.Errorf("%s: %d bytes, %v", name, len(kept), err)
		}
		if removed, kept := f.cleaned(CleanOptions{}); len(removed) > 0 || len(kept) != 1 {
			t.Errorf("%s: removed %v, kept %v", name, removed, kept)
		}
	}
	if len(paths) != 1 || len(f.cached()) != 2 {
		t.Errorf("kept as %v, %v", paths, f.cached())
	}
	path := slices.Collect(maps.Keys(paths))[0]
	os.WriteFile(path, []byte(">edited\nM\n"), 0o644)
	again, release, err := Spool(t.Context(), strings.NewReader(text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if kept, _ := os.ReadFile(again); again != path || string(kept) != text {
		t.Errorf("%s after it was edited: %d bytes", again, len(kept))
	}
}

func TestRefusedStandardInputLeavesNothing(t *testing.T) {
	f := newFixture(t).withCache()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	blocked, in := io.Pipe() // nobody writes
	defer in.Close()
	for name, test := range map[string]struct {
		ctx   context.Context
		input io.Reader
		want  error
	}{
		"nothing":         {t.Context(), strings.NewReader(""), ErrEmpty},
		"gzip of nothing": {t.Context(), strings.NewReader(gzipped("")), ErrEmpty},
		"FASTQ":           {t.Context(), strings.NewReader("@r\nAC\n+\nII\n"), mmapfasta.ErrFASTQ},
		"cut short":       {t.Context(), strings.NewReader(gzipped(">a\nM\n")[:20]), expand.ErrTruncated},
		"interrupted":     {ended, blocked, context.Canceled},
		"failing":         {t.Context(), io.MultiReader(strings.NewReader(">a\n"), failingReader{}), errFailing},
	} {
		if _, _, err := Spool(test.ctx, test.input, Options{}); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
		if left := f.cached(); len(left) > 0 {
			t.Errorf("%s left %v", name, left)
		}
	}
}

var errFailing = errors.New("read failed")

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errFailing }

// TestFullDiskIsSeenBeforeItIsFull: where a file says that its text does not fit, nothing is written.
func TestFullDiskIsSeenBeforeItIsFull(t *testing.T) {
	f := newFixture(t)
	if _, err := newDraft(f.path("a.fa.1.tmp"), 1<<62); !errors.Is(err, ErrNoSpace) || !strings.Contains(err.Error(), "--cache-dir") {
		t.Error(err)
	}
	d, err := newDraft(f.path("a.fa.1.tmp"), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer d.discard()
	d.source, d.check = 1<<50, 100 // at the rate of 100 bytes for the first byte read
	d.read.Store(1)
	if _, err := d.Write(bytes.Repeat([]byte("M"), 100)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write([]byte("M")); !errors.Is(err, ErrNoSpace) {
		t.Error(err)
	}
}
