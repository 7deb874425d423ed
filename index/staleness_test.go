package index

import (
	"os"
	"testing"
	"time"
)

// TestOtherContentIsNoticed: each way in which a file gets other content of equal size, and its times as they then are.
// Every index must agree with the files at its end, which the fixture checks.
func TestOtherContentIsNoticed(t *testing.T) {
	const before, after = ">a\nMKV\n", ">a\nMKL\n"
	long, recent := time.Now().Add(-time.Hour), time.Now()
	second := recent.Truncate(time.Second) // what a file system keeps that knows whole seconds only
	for name, test := range map[string]struct {
		then   time.Time // of the file when it is indexed
		change func(f *fixture)
	}{
		"rewritten":                   {long, func(f *fixture) { f.write("a.fa", after); f.setTime("a.fa", recent) }},
		"an older file restored":      {long, func(f *fixture) { f.write("a.fa", after); f.setTime("a.fa", long.Add(-1000*time.Hour)) }},
		"in the same tick of a clock": {recent, func(f *fixture) { f.write("a.fa", after); f.setTime("a.fa", recent) }},
		"in the same second":          {second, func(f *fixture) { f.write("a.fa", after); f.setTime("a.fa", second) }},
		"by a clock that runs ahead":  {recent.Add(time.Hour), func(f *fixture) { f.write("a.fa", after); f.setTime("a.fa", recent.Add(time.Hour)) }},
		"by a clock that runs behind": {long, func(f *fixture) { f.write("a.fa", after); f.setTime("a.fa", time.Unix(1e9, 0)) }},
		"before 1970":                 {long, func(f *fixture) { f.write("a.fa", after); f.setTime("a.fa", time.Unix(-1e9, 0)) }},
		"replaced by renaming":        {long, func(f *fixture) { f.write("b.fa", after); f.setTime("b.fa", recent); f.rename("b.fa", "a.fa") }},
		"replaced by renaming, older": {long, func(f *fixture) {
			f.write("b.fa", after)
			f.setTime("b.fa", long.Add(-time.Hour))
			f.rename("b.fa", "a.fa")
		}},
		"replaced under the same, fresh": {recent, func(f *fixture) { f.write("b.fa", after); f.setTime("b.fa", recent); f.rename("b.fa", "a.fa") }},
		"a link to another file": {long, func(f *fixture) {
			f.write("b.fa", after)
			f.setTime("b.fa", long.Add(time.Second))
			f.rename("a.fa", "old.fa")
			if err := os.Symlink("b.fa", f.path("a.fa")); err != nil {
				f.t.Skip(err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			path := f.write("a.fa", before)
			f.setTime("a.fa", test.then)
			x, _ := f.ensure(Options{}, path)
			test.change(f)
			y, outcome := f.ensure(Options{}, path)
			if outcome != Created || x.Digest() == y.Digest() {
				t.Errorf("%v, digest %s after %s", outcome, y.Digest(), x.Digest())
			}
			f.setTime("a.fa", long) // the check at the end asks for a settled time
			f.ensure(Options{}, path)
		})
	}
}

func (f *fixture) rename(from, to string) {
	f.t.Helper()
	if err := os.Rename(f.path(from), f.path(to)); err != nil {
		f.t.Fatal(err)
	}
}

// TestRetargetedLink: what counts is the file that a link leads to.
func TestRetargetedLink(t *testing.T) {
	f := newFixture(t)
	f.write("one.fa", ">a\nMKV\n")
	f.write("two.fa", ">a\nMK\n")
	for _, target := range []string{"one.fa", "two.fa"} {
		os.Remove(f.path("a.fa"))
		if err := os.Symlink(target, f.path("a.fa")); err != nil {
			t.Skip(err)
		}
		x, outcome := f.ensure(Options{}, f.path("a.fa"))
		if outcome != Created || x.Files()[0].Path != f.path("a.fa") {
			t.Errorf("%s: %v", target, outcome)
		}
	}
}

// TestAppendedWhileOpen: an index that is open goes on showing what it was built from; the next one has the rest.
func TestAppendedWhileOpen(t *testing.T) {
	f := newFixture(t)
	path := f.write("a.fa", ">a\nMKV\n")
	x, _ := f.ensure(Options{}, path)
	f.write("a.fa", ">a\nMKV\n>b\nMKVL\n")
	y, outcome := f.ensure(Options{}, path)
	if outcome != Created || y.Len() != 2 || x.Len() != 1 {
		t.Errorf("%v: %d and %d records", outcome, x.Len(), y.Len())
	}
	if e, err := x.At(0); err != nil || string(e.ID) != "a" {
		t.Errorf("%+v, %v", e, err)
	}
}
