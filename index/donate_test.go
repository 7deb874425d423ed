package index

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestOnlyChangedFilesAreScanned builds an index for a changed list beside the old one, and compares it with one that
// was built from nothing.
func TestOnlyChangedFilesAreScanned(t *testing.T) {
	hourAgo := time.Now().Add(-time.Hour)
	for name, test := range map[string]struct {
		change func(f *fixture)
		list   []string
		taken  string
	}{
		"one changed":      {func(f *fixture) { f.write("b.fa", fastaText(shortRecords(900, 300, 9))) }, []string{"a.fa", "b.fa", "c.fa"}, "files=2"},
		"one more":         {func(f *fixture) { f.write("d.fa", fastaText(shortRecords(900, 300, 9))) }, []string{"d.fa", "a.fa", "b.fa", "c.fa"}, "files=3"},
		"one less":         {func(*fixture) {}, []string{"a.fa", "c.fa"}, "files=2"},
		"in another order": {func(*fixture) {}, []string{"c.fa", "b.fa", "a.fa"}, "files=3"},
		"one touched":      {func(f *fixture) { f.setTime("a.fa", hourAgo) }, []string{"c.fa", "a.fa"}, "files=2"},
		"one renamed": {func(f *fixture) {
			if err := os.Rename(f.path("a.fa"), f.path("z.fa")); err != nil {
				t.Fatal(err)
			}
		}, []string{"z.fa", "b.fa"}, "files=2"},
		"all changed": {func(f *fixture) {
			for _, name := range []string{"a.fa", "b.fa", "c.fa"} {
				f.write(name, fastaText(shortRecords(900, 300, 9))+name)
			}
		}, []string{"a.fa", "b.fa", "c.fa"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.stale = true
			for i, name := range []string{"a.fa", "b.fa", "c.fa"} {
				f.write(name, fastaText(shortRecords(1000+i, 300, uint64(i))))
			}
			f.ensure(Options{}, f.path("a.fa"), f.path("b.fa"), f.path("c.fa"))
			test.change(f)
			var list []string
			for _, name := range test.list {
				list = append(list, f.path(name))
			}
			x, outcome := f.ensure(Options{Path: f.path("new.lfx")}, list...)
			if outcome != Created {
				t.Fatal(outcome)
			}
			if test.taken != "" {
				f.logged(test.taken)
			} else if strings.Contains(f.log.String(), "files=") {
				t.Errorf("entries were taken over: %s", f.log.String())
			}
			fresh, _ := f.ensure(Options{Path: t.TempDir() + "/fresh.lfx"}, f.copies(list)...)
			sameEntries(t, x, fresh)
			if err := x.Check(t.Context()); err != nil {
				t.Error(err)
			}
			if _, outcome := f.ensure(Options{Path: f.path("new.lfx")}, list...); outcome != Reused {
				t.Errorf("then %v", outcome)
			}
		})
	}
}

// copies copies files to a folder without an index, in their order.
func (f *fixture) copies(paths []string) []string {
	folder := f.t.TempDir()
	var copies []string
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			f.t.Fatal(err)
		}
		name := folder + "/" + path[strings.LastIndexByte(path, '/')+1:]
		if err := os.WriteFile(name, content, 0o644); err != nil {
			f.t.Fatal(err)
		}
		copies = append(copies, name)
	}
	return copies
}

// TestFreshFilesAreComparedBeforeTakenOver: an equal time proves nothing while it is fresh.
func TestFreshFilesAreComparedBeforeTakenOver(t *testing.T) {
	f := newFixture(t)
	f.stale = true
	a, b := f.write("a.fa", ">a\nMKV\n"), f.write("b.fa", fastaText(shortRecords(900, 300, 1)))
	soon := time.Now().Add(time.Hour)
	f.setTime("b.fa", soon)
	f.ensure(Options{}, b)
	f.write("b.fa", strings.Replace(fastaText(shortRecords(900, 300, 1)), "A", "C", 1))
	f.setTime("b.fa", soon)
	x, _ := f.ensure(Options{}, a, b)
	if err := x.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if strings.Contains(f.log.String(), "files=") {
		t.Error(f.log.String())
	}
}

// TestDamagedDonorIsLeftAside: its damage is found while pages are read, after which all files are scanned.
func TestDamagedDonorIsLeftAside(t *testing.T) {
	f := newFixture(t)
	f.stale = true
	fasta, other := f.write("a.fa", fastaText(shortRecords(900, 300, 1))), f.write("b.fa", ">b\nMK\n")
	donor, _ := f.ensure(Options{}, fasta)
	content, err := os.ReadFile(donor.Path())
	if err != nil {
		t.Fatal(err)
	}
	content[strings.Index(string(content), "r149")] ^= 1
	if err := os.WriteFile(donor.Path(), content, 0o644); err != nil {
		t.Fatal(err)
	}
	x, outcome := f.ensure(Options{}, fasta, other)
	if outcome != Created {
		t.Fatal(outcome)
	}
	f.logged("Scanning all files")
	if err := x.Check(t.Context()); err != nil {
		t.Error(err)
	}
}
