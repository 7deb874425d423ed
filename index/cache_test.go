package index

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"longfirst/mmapfasta"
)

func TestValidIndexIsReused(t *testing.T) {
	f := newFixture(t)
	path := f.write("a.fa", ">a\nMKV\n")
	first, _ := f.ensure(Options{}, path)
	before, _ := os.Stat(first.Path())
	x, outcome := f.ensure(Options{}, path)
	after, _ := os.Stat(x.Path())
	if outcome != Reused || !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) {
		t.Errorf("%v", outcome)
	}
}

func TestChangedFilesAreScannedAgain(t *testing.T) {
	hourAgo := func() time.Time { return time.Now().Add(-time.Hour) }
	for name, test := range map[string]struct {
		change func(f *fixture)
		list   []string
		log    string
	}{
		"other size":             {func(f *fixture) { f.write("a.fa", ">a\nMKVL\n") }, []string{"a.fa", "b.fa"}, "a.fa has 8 bytes, 7 were recorded"},
		"touched, other content": {func(f *fixture) { f.write("a.fa", ">a\nMKL\n") }, []string{"a.fa", "b.fa"}, "a.fa has other content and is newer than recorded"},
		"older, other content": {func(f *fixture) {
			f.write("a.fa", ">a\nMKL\n")
			f.setTime("a.fa", hourAgo().Add(-1000*time.Hour))
		}, []string{"a.fa", "b.fa"}, "a.fa has other content and is older than recorded"},
		"missing from the list": {func(*fixture) {}, []string{"b.fa"}, "a.fa is missing from the list"},
		"added to the list":     {func(f *fixture) { f.write("c.fa", ">c\nM\n") }, []string{"a.fa", "b.fa", "c.fa"}, "c.fa is new in the list"},
		"reordered":             {func(*fixture) {}, []string{"b.fa", "a.fa"}, "the files are in another order"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			index := f.path("lists.lfx")
			x, _ := f.ensure(Options{Path: index}, f.write("a.fa", ">a\nMKV\n"), f.write("b.fa", ">b\nMK\n"))
			time.Sleep(time.Millisecond) // a.fa's next time is another one
			test.change(f)
			var list []string
			for _, name := range test.list {
				list = append(list, f.path(name))
			}
			y, outcome := f.ensure(Options{Path: index}, list...)
			if outcome != Created || y.Digest() == x.Digest() || len(y.Files()) != len(list) {
				t.Errorf("%v, %d files", outcome, len(y.Files()))
			}
			f.logged(test.log)
			if _, outcome := f.ensure(Options{Path: index}, list...); outcome != Reused {
				t.Errorf("then %v", outcome)
			}
		})
	}
}

func TestTouchedWithEqualContentIsSettled(t *testing.T) {
	for name, at := range map[string]time.Duration{"newer": -time.Minute, "older": -100 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			path := f.write("a.fa", fastaText(shortRecords(3000, 40, 1)))
			x, _ := f.ensure(Options{}, path)
			f.setTime("a.fa", time.Now().Add(at))
			y, outcome := f.ensure(Options{}, path)
			if outcome != Settled || x.Digest() != y.Digest() || !x.Created().Equal(y.Created()) {
				t.Errorf("%v, digests %s, %s", outcome, x.Digest(), y.Digest())
			}
			f.logged("a.fa has equal content and is " + name + " than recorded")
			if info, _ := os.Stat(path); y.Files()[0].Stamp.MtimeNS != info.ModTime().UnixNano() {
				t.Error("the new time is not recorded")
			}
			compare(t, y, modelOf(shortRecords(3000, 40, 1)))
			if _, outcome := f.ensure(Options{}, path); outcome != Reused {
				t.Errorf("then %v", outcome)
			}
		})
	}
}

// TestRacyTimes: a file written again so soon that its time may be the old one is judged by its content, until one
// look has shown that it stayed.
func TestRacyTimes(t *testing.T) {
	f := newFixture(t)
	path := f.write("a.fa", ">a\nMKV\n")
	now := time.Now().Add(time.Hour) // by a clock ahead of ours, so that the test may take its time
	f.setTime("a.fa", now)
	x, _ := f.ensure(Options{}, path)
	if x.recorded[0].Settled {
		t.Fatal("a fresh file counts as settled")
	}
	f.write("a.fa", ">a\nMKL\n")
	f.setTime("a.fa", now) // what a coarse clock does
	y, outcome := f.ensure(Options{}, path)
	if outcome != Created || x.Digest() == y.Digest() {
		t.Errorf("other content under the same fresh time: %v", outcome)
	}
	f.logged("a.fa has other content under the same modification time")
	y.Close()
	backdate(t, y.Path(), -time.Hour)
	if _, outcome := f.ensure(Options{}, path); outcome != Reused {
		t.Errorf("equal content within the window: %v", outcome)
	}
	backdate(t, y.Path(), time.Hour+3*time.Second)
	z, outcome := f.ensure(Options{}, path)
	if outcome != Settled || !z.recorded[0].Settled || z.Digest() != y.Digest() {
		t.Errorf("equal content after the window: %v", outcome)
	}
	if _, outcome := f.ensure(Options{}, path); outcome != Reused {
		t.Errorf("then %v", outcome)
	}
}

// backdate makes the index believe that it read its files earlier.
func backdate(t *testing.T, path string, by time.Duration) {
	t.Helper()
	x, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for i := range x.recorded {
		x.recorded[i].ReadNS -= int64(by)
	}
	rewrite(t, x)
}

// rewrite writes the index as x now has it in memory.
func rewrite(t *testing.T, x *Index) {
	t.Helper()
	temporary, _, err := writeBeside(context.Background(), x.path, content{
		files: x.files, recorded: x.recorded, pages: x.pagesAsStored(),
		facts: func() (facts, error) { return x.facts, nil },
	})
	if err == nil {
		err = install(temporary, x.path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestSettledRules(t *testing.T) {
	began := time.Unix(1000, 0)
	fact := func(mtime, read time.Time, settled bool) fileFact {
		return fileFact{seen: seen{MtimeNS: mtime.UnixNano(), ReadNS: read.UnixNano(), Settled: settled}}
	}
	for name, test := range map[string]struct {
		fact    fileFact
		now     time.Time // modification time found
		settled bool
	}{
		"long before":                     {fact(began.Add(-3*time.Second), began, false), began.Add(-3 * time.Second), true},
		"just before, read just before":   {fact(began.Add(-time.Second), began.Add(-time.Second), false), began.Add(-time.Second), false},
		"in the future, first read":       {fact(began.Add(time.Hour), began, false), began.Add(time.Hour), false},
		"in the future, read long before": {fact(began.Add(time.Hour), began.Add(-3*time.Second), false), began.Add(time.Hour), true},
		"settled stays settled":           {fact(began.Add(time.Hour), began, true), began.Add(time.Hour), true},
		"a new time starts over":          {fact(began.Add(-time.Hour), began.Add(-time.Hour), true), began, false},
	} {
		stamp := test.fact.stamp()
		stamp.MtimeNS = test.now.UnixNano()
		if have := test.fact.reread(stamp, began); have.Settled != test.settled || have.stamp() != stamp {
			t.Errorf("%s: %+v", name, have)
		}
	}
}

func TestRehashFindsForgedTimes(t *testing.T) {
	f := newFixture(t)
	path := f.write("a.fa", ">a\nMKV\n")
	x, _ := f.ensure(Options{}, path)
	info, _ := os.Stat(path)
	f.write("a.fa", ">a\nMKL\n")
	f.setTime("a.fa", info.ModTime())
	if _, outcome := f.ensure(Options{}, path); outcome != Reused {
		t.Errorf("size and time are equal: %v", outcome)
	}
	y, outcome := f.ensure(Options{Rehash: true}, path)
	if outcome != Created || x.Digest() == y.Digest() {
		t.Errorf("with rehash: %v", outcome)
	}
	if _, outcome := f.ensure(Options{Rehash: true}, path); outcome != Reused {
		t.Errorf("equal content with rehash: %v", outcome)
	}
}

func TestMovedFolderKeepsItsIndex(t *testing.T) {
	f := newFixture(t)
	if err := os.Mkdir(f.path("old"), 0o755); err != nil {
		t.Fatal(err)
	}
	x, _ := f.ensure(Options{}, f.write("old/a.fa", ">a\nMKV\n"), f.write("old/b.fa", ">b\nMK\n"))
	x.Close()
	if err := os.Rename(f.path("old"), f.path("new")); err != nil {
		t.Fatal(err)
	}
	y, outcome := f.ensure(Options{}, f.path("new/a.fa"), f.path("new/b.fa"))
	if outcome != Reused || y.Files()[1].Path != f.path("new/b.fa") {
		t.Errorf("%v %s", outcome, y.Files()[1].Path)
	}
}

func TestRefusedInputLeavesNoIndex(t *testing.T) {
	for name, test := range map[string]struct {
		content string
		want    error
	}{
		"FASTQ":      {"@r\nACGT\n+\nIIII\n", mmapfasta.ErrFASTQ},
		"NUL byte":   {">a\nMK\x00V\n", mmapfasta.ErrNUL},
		"compressed": {"BZh9rest of it", mmapfasta.ErrCompressed},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			good := f.write("good.fa", ">a\nMKV\n")
			_, _, err := f.tryEnsure(Options{}, good, f.write("bad.fa", test.content))
			if !errors.Is(err, test.want) {
				t.Error(err)
			}
			if left, _ := os.ReadDir(f.folder); len(left) != 2 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestImpossibleLists(t *testing.T) {
	f := newFixture(t)
	path := f.write("a.fa", ">a\nMKV\n")
	if err := os.Symlink(path, f.path("link.fa")); err != nil {
		t.Skip(err)
	}
	for name, test := range map[string]struct {
		list []string
		want error
	}{
		"none":               {nil, ErrNoFiles},
		"missing":            {[]string{path, f.path("b.fa")}, fs.ErrNotExist},
		"a folder":           {[]string{f.folder}, mmapfasta.ErrDirectory},
		"twice":              {[]string{path, filepath.Join(f.folder, ".", "a.fa")}, ErrRepeated},
		"twice, by a link":   {[]string{path, f.path("link.fa")}, ErrRepeated},
		"folder of no index": {[]string{path}, fs.ErrNotExist},
	} {
		opt := Options{}
		if name == "folder of no index" {
			opt.Path = f.path("none/x.lfx")
		}
		if _, _, err := f.tryEnsure(opt, test.list...); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestInterruptedBuildKeepsTheOldIndex(t *testing.T) {
	f := newFixture(t)
	path := f.write("a.fa", ">a\nMKV\n")
	x, _ := f.ensure(Options{}, path)
	f.write("a.fa", fastaText(shortRecords(100, 50, 1)))
	f.stale = true
	for _, when := range []string{"before", "in the scan"} {
		ctx, cancel := context.WithCancel(context.Background())
		if when == "before" {
			cancel()
		}
		_, _, err := Ensure(ctx, []string{path}, Options{Progress: func(int64, int64) { cancel() }})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", when, err)
		}
		cancel()
	}
	old, err := Open(x.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if old.Digest() != x.Digest() {
		t.Error("the old index is gone")
	}
	if left, _ := os.ReadDir(f.folder); len(left) != 2 {
		t.Errorf("left behind: %v", left)
	}
}

func TestProgressEndsAtAll(t *testing.T) {
	f := newFixture(t)
	a, b := f.write("a.fa", fastaText(shortRecords(50, 100, 1))), f.write("b.fa", ">b\nMKV\n")
	var done, total, calls int64
	f.ensure(Options{Progress: func(d, all int64) {
		if d < done {
			t.Errorf("%d after %d", d, done)
		}
		done, total = d, all
		calls++
	}}, a, b)
	if done != total || calls < 2 {
		t.Errorf("%d of %d in %d calls", done, total, calls)
	}
}

func TestWritingIsReported(t *testing.T) {
	f := newFixture(t)
	const records = 2*transactionsPerWriteback*pagesPerTransaction*pageEntries + 1
	path := f.write("a.fa", strings.Repeat(">a\nA\n", records))
	var last, total int64
	calls := 0
	f.ensure(Options{Writing: func(done, all int64) {
		if calls++; done <= last || done > all {
			t.Errorf("%d bytes of %d behind %d", done, all, last)
		}
		last, total = done, all
	}}, path)
	if calls != 2 || last < total*9/10 {
		t.Errorf("%d calls, the last of %d bytes of %d", calls, last, total)
	}
}
