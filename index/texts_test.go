package index

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"longfirst/mmapfasta"
	"longfirst/mmapfasta/expand"
	"longfirst/mmapfasta/mapped"
)

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

func zstdOf(text string) string {
	encoder, _ := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	defer encoder.Close()
	return string(encoder.EncodeAll([]byte(text), nil))
}

// withCache gives the fixture a cache folder of its own.
func (f *fixture) withCache() *fixture {
	f.t.Setenv(CacheVariable, f.path("cache"))
	return f
}

// cached returns the names of the files in the folder of texts.
func (f *fixture) cached() (names []string) {
	entries, _ := os.ReadDir(f.path("cache/texts"))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// theText returns the path of the only text there is.
func (f *fixture) theText() string {
	f.t.Helper()
	texts, _ := filepath.Glob(f.path("cache/texts/*.fa"))
	if len(texts) != 1 {
		f.t.Fatalf("texts: %v", f.cached())
	}
	return texts[0]
}

// TestCompressedFileIsItsText: digest, entries and records are those of the file that was compressed.
func TestCompressedFileIsItsText(t *testing.T) {
	f := newFixture(t).withCache()
	records := someRecords(3000, 1)
	plain, _ := f.ensure(Options{}, f.write("a.fa", fastaText(records)))
	for name, content := range map[string]string{
		"b.fa.gz":       gzipped(fastaText(records)),
		"c.fa.zst":      zstdOf(fastaText(records)),
		"members.fa.gz": gzipped(fastaText(records[:1000])) + gzipped(fastaText(records[1000:])),
		"without.name":  gzipped(fastaText(records)),
	} {
		t.Run(name, func(t *testing.T) {
			path := f.write(name, content)
			folder := t.TempDir() // no index gives anything there
			x, outcome := f.ensure(Options{Path: folder + "/x.lfx", Log: nil}, path)
			if outcome != Created || x.Digest() != plain.Digest() {
				t.Errorf("%v, digest %s, not %s", outcome, x.Digest(), plain.Digest())
			}
			info := x.Files()[0]
			if stat, _ := os.Stat(path); info.Path != path || info.Stamp != mapped.StampOf(stat) || info.TextSize != plain.Files()[0].TextSize {
				t.Errorf("%+v", info)
			}
			sameEntries(t, x, plain)
			if err := x.Check(t.Context()); err != nil {
				t.Error(err)
			}
			if _, outcome := f.ensure(Options{Path: x.Path()}, path); outcome != Reused {
				t.Errorf("then %v", outcome)
			}
			if strings.Contains(f.log.String(), "Decompressing") {
				t.Error(f.log.String())
			}
		})
	}
}

// TestCompressedCutAnywhere: an error wherever a file is cut, no index, nothing in the cache.
func TestCompressedCutAnywhere(t *testing.T) {
	f := newFixture(t).withCache()
	text := fastaText(shortRecords(10, 30, 1))
	for name, content := range map[string]string{"a.fa.gz": gzipped(text), "a.fa.zst": zstdOf(text)} {
		for size := range len(content) {
			path := f.write(name, content[:size])
			if _, _, err := f.tryEnsure(Options{}, path); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s cut to %d of %d: %v", name, size, len(content), err)
			}
		}
		os.Remove(f.path(name))
	}
	if left, _ := os.ReadDir(f.folder); len(left) > 1 || len(f.cached()) > 0 {
		t.Errorf("left behind: %v, %v", left, f.cached())
	}
}

func TestRefusedTextsAreNamed(t *testing.T) {
	for name, test := range map[string]struct {
		content string
		want    error
		says    string
	}{
		"FASTQ":            {gzipped("@r\nACGT\n+\nIIII\n"), mmapfasta.ErrFASTQ, "a.fa.gz (decompressed): byte 0 (line 1): looks like FASTQ"},
		"NUL far inside":   {gzipped(">a\n" + strings.Repeat("M", 1<<20) + "\x00"), mmapfasta.ErrNUL, "a.fa.gz (decompressed): byte 1048579 (line 2)"},
		"compressed twice": {gzipped(zstdOf(">a\nMKV\n")), mmapfasta.ErrCompressed, "compressed twice: its text is again a compressed file: zstd"},
		"trailing bytes":   {gzipped(">a\nMKV\n") + "garbage", expand.ErrTrailing, "a.fa.gz: byte "},
		"bzip2":            {"BZh91AY", mmapfasta.ErrCompressed, "bunzip2"},
		"zip":              {"PK\x03\x04rest", mmapfasta.ErrCompressed, "unzip"},
		"empty":            {"", expand.ErrTruncated, "it is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t).withCache()
			_, _, err := f.tryEnsure(Options{}, f.write("a.fa.gz", test.content))
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
				t.Error(err)
			}
			if left, _ := filepath.Glob(f.path("*.lfx*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestStaleTexts: a text is used again while its source has an equal size and time, or equal content where these don't
// decide; else it is made anew, and never does one of other content pass for it.
func TestStaleTexts(t *testing.T) {
	hourAgo := time.Now().Add(-time.Hour)
	first, second := fastaText(shortRecords(200, 100, 1)), fastaText(shortRecords(200, 100, 2))
	for name, test := range map[string]struct {
		change       func(f *fixture)
		opt          Options
		decompressed bool
		outcome      Outcome
	}{
		"nothing":       {func(*fixture) {}, Options{}, false, Reused},
		"touched":       {func(f *fixture) { f.setTime("a.fa.gz", hourAgo.Add(-time.Hour)) }, Options{}, false, Settled},
		"other content": {func(f *fixture) { f.write("a.fa.gz", gzipped(second)) }, Options{}, true, Created},
		"equal content, compressed otherwise": {func(f *fixture) {
			f.write("a.fa.gz", gzipped(first[:100])+gzipped(first[100:]))
		}, Options{}, true, Created},
		"forged": {func(f *fixture) {
			forged := []byte(gzipped(first))
			forged[4] ^= 1 // its time, in the header
			info, _ := os.Stat(f.path("a.fa.gz"))
			f.write("a.fa.gz", string(forged))
			f.setTime("a.fa.gz", info.ModTime())
		}, Options{Rehash: true}, true, Reused},
		"the text edited": {func(f *fixture) {
			os.WriteFile(f.theText(), []byte(second), 0o644)
		}, Options{Texts: true}, true, Reused},
		"the text edited, its time forged": {func(f *fixture) {
			info, _ := os.Stat(f.theText())
			os.WriteFile(f.theText(), []byte(strings.Replace(first, "A", "C", 1)), 0o644)
			os.Chtimes(f.theText(), info.ModTime(), info.ModTime())
		}, Options{Rehash: true}, true, Reused},
		"the text gone":                  {func(f *fixture) { os.Remove(f.theText()) }, Options{Texts: true}, true, Reused},
		"the text gone, and nobody asks": {func(f *fixture) { os.Remove(f.theText()) }, Options{}, false, Reused},
		"the facts gone":                 {func(f *fixture) { os.Remove(f.theText() + factsSuffix) }, Options{Texts: true}, true, Reused},
		"the facts cut short":            {func(f *fixture) { os.Truncate(f.theText()+factsSuffix, 100) }, Options{Texts: true}, true, Reused},
		"the text gone, the source touched": {func(f *fixture) {
			os.Remove(f.theText())
			f.setTime("a.fa.gz", hourAgo.Add(-time.Hour))
		}, Options{}, true, Settled},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t).withCache()
			path := f.write("a.fa.gz", gzipped(first))
			x, _ := f.ensure(Options{}, path)
			digest := x.Digest()
			x.Close()
			test.change(f)
			y, outcome := f.ensure(test.opt, path)
			if outcome != test.outcome {
				t.Errorf("%v", outcome)
			}
			if have := strings.Contains(f.log.String(), "Decompressing"); have != test.decompressed {
				t.Errorf("decompressed: %v; %s", have, f.log.String())
			}
			if name != "other content" && y.Digest() != digest {
				t.Error("another digest")
			}
			if err := y.Check(t.Context()); err != nil {
				t.Error(err)
			}
			if _, outcome := f.ensure(Options{Texts: true}, path); outcome != Reused {
				t.Errorf("then %v", outcome)
			}
		})
	}
}

// TestRacyCompressedFile: a file compressed again so soon that its time may be the old one is judged by its content.
func TestRacyCompressedFile(t *testing.T) {
	f := newFixture(t).withCache()
	now := time.Now().Add(time.Hour)
	path := f.write("a.fa.gz", gzipped(">a\nMKV\n"))
	f.setTime("a.fa.gz", now)
	x, _ := f.ensure(Options{}, path)
	f.write("a.fa.gz", gzipped(">a\nMKL\n"))
	f.setTime("a.fa.gz", now)
	y, outcome := f.ensure(Options{}, path)
	if outcome != Created || x.Digest() == y.Digest() {
		t.Errorf("other content under the same fresh time: %v", outcome)
	}
}

// TestOpenText: what is read is what was indexed, whatever became of the cache meanwhile, or an error.
func TestOpenText(t *testing.T) {
	f := newFixture(t).withCache()
	text := fastaText(shortRecords(200, 100, 1))
	path := f.write("a.fa.gz", gzipped(text))
	f.ensure(Options{}, path)
	x, err := Open(path + Extension) // as a worker process does
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if err := os.RemoveAll(f.path("cache")); err != nil {
		t.Fatal(err)
	}
	file, err := x.OpenText(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if view, err := file.View(0, file.Size(), nil); err != nil || string(view) != text {
		t.Errorf("%d bytes, %v", len(view), err)
	}
	if err := file.Unchanged(); err != nil {
		t.Error(err)
	}
	f.setTime("a.fa.gz", time.Now().Add(-2*time.Hour))
	if err := file.Unchanged(); !errors.Is(err, mapped.ErrChanged) || !strings.Contains(err.Error(), path) {
		t.Errorf("the compressed file changed: %v", err)
	}
	if _, err := x.OpenText(t.Context(), 0); !errors.Is(err, ErrMismatch) {
		t.Errorf("opened when the compressed file had changed: %v", err)
	}
	f.ensure(Options{}, path)
	os.WriteFile(f.theText(), []byte(text), 0o644)
	if err := file.Unchanged(); !errors.Is(err, mapped.ErrChanged) {
		t.Errorf("the text changed: %v", err)
	}
}

// TestDonatedCompressedFiles: entries are taken over whether a file is compressed or not, without decompressing what
// did not change.
func TestDonatedCompressedFiles(t *testing.T) {
	f := newFixture(t).withCache()
	f.stale = true
	var list []string
	for i, name := range []string{"a.fa.gz", "b.fa.gz", "c.fa.gz"} {
		list = append(list, f.write(name, gzipped(fastaText(shortRecords(1000+i, 300, uint64(i))))))
	}
	x, _ := f.ensure(Options{}, list...)
	x.Close()
	if err := os.RemoveAll(f.path("cache")); err != nil {
		t.Fatal(err)
	}
	f.write("b.fa.gz", gzipped(fastaText(shortRecords(900, 300, 9))))
	x, outcome := f.ensure(Options{}, list...)
	if outcome != Created || len(f.cached()) != 2 {
		t.Errorf("%v; decompressed: %v", outcome, f.cached())
	}
	f.logged("files=2")
	if err := x.Check(t.Context()); err != nil {
		t.Error(err)
	}
	// The text of a compressed file given as a file of its own, beside another.
	plain := f.write("a.fa", fastaText(shortRecords(1000, 300, 0)))
	y, _ := f.ensure(Options{}, list[2], plain)
	f.logged("files=2")
	if err := y.Check(t.Context()); err != nil {
		t.Error(err)
	}
	z, _ := f.ensure(Options{Path: f.path("z.lfx")}, plain, list[0])
	f.logged("files=1") // the same content twice: one file gives once
	if err := z.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestTwoDecompressAtOnce: the second waits and reuses.
func TestTwoDecompressAtOnce(t *testing.T) {
	f := newFixture(t).withCache()
	path := f.write("a.fa.gz", gzipped(fastaText(someRecords(2000, 1))))
	list, err := sources([]string{path})
	if err != nil {
		t.Fatal(err)
	}
	var mutex sync.Mutex
	made := 0
	opt := Options{Expanding: func(_ string, done, all int64) {
		mutex.Lock()
		defer mutex.Unlock()
		if done == all {
			made++
		}
	}}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			texts := newTexts(opt)
			defer texts.release()
			if _, err := texts.of(context.Background(), list[0]); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if made != 1 || len(f.cached()) != 2 {
		t.Errorf("decompressed %d times: %v", made, f.cached())
	}
}

// TestInterruptedDecompression leaves nothing; what a killed one left is swept by the next.
func TestInterruptedDecompression(t *testing.T) {
	f := newFixture(t).withCache()
	random := rand.New(rand.NewPCG(1, 1))
	text := []byte(">a\n")
	for range 4 << 20 {
		text = append(text, "ACDEFGHIKLMNPQRSTVWY"[random.IntN(20)])
	}
	path := f.write("a.fa.gz", gzipped(string(text)))
	ctx, cancel := context.WithCancel(context.Background())
	_, _, err := Ensure(ctx, []string{path}, Options{Expanding: func(string, int64, int64) { cancel() }})
	if !errors.Is(err, context.Canceled) || len(f.cached()) > 0 {
		t.Errorf("%v; left behind: %v", err, f.cached())
	}
	stray := f.path("cache/texts/" + textName(path) + ".123456.tmp")
	if err := os.WriteFile(stray, []byte(">a\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	f.ensure(Options{}, path)
	if slices.Contains(f.cached(), filepath.Base(stray)) {
		t.Error("the stray is still there")
	}
}
