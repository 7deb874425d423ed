package index

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"
)

func TestCreatedFromFASTA(t *testing.T) {
	f := newFixture(t)
	records := someRecords(3000, 1)
	text := fastaText(records)
	path := f.write("a.fa", text)
	x, outcome := f.ensure(Options{}, path)
	if outcome != Created || x.Path() != path+".lfx" {
		t.Errorf("%v %s", outcome, x.Path())
	}
	model := modelOf(records)
	compare(t, x, model)
	var tokens int64
	for i, e := range model {
		tokens += e.Length
		if text[e.Offset] != '>' {
			t.Fatalf("byte %d of entry %d is %q", e.Offset, i, text[e.Offset])
		}
	}
	if x.Tokens() != tokens || x.Longest() != model[0].Length || x.Duplicates() != 0 {
		t.Errorf("%d tokens, longest %d, %d duplicates", x.Tokens(), x.Longest(), x.Duplicates())
	}
	if x.Pages() != 3 || time.Since(x.Created()) > time.Minute || !strings.HasPrefix(x.Builder(), "longfirst") {
		t.Errorf("%d pages, created %v by %q", x.Pages(), x.Created(), x.Builder())
	}
	file := x.Files()[0]
	if file.Path != path || file.Records != 3000 || file.Residues != tokens || file.Stamp.Size != int64(len(text)) {
		t.Errorf("%+v", file)
	}
}

func TestFactsAreReadableText(t *testing.T) {
	f := newFixture(t)
	x, _ := f.ensure(Options{}, f.write("a.fa", ">a\nMKV\n"))
	x.Close()
	db, err := bolt.Open(x.Path(), 0, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	want := map[string]string{"format_version": "5", "records": "1", "residues": "3", "complete": "yes", "page_entries": "1024"}
	db.View(func(tx *bolt.Tx) error {
		for name, text := range want {
			if have := string(tx.Bucket(bucketMeta).Get([]byte(name))); have != text {
				t.Errorf("fact %s is %q", name, have)
			}
		}
		if key, _ := tx.Bucket(bucketMtime).Cursor().First(); string(key) != "a.fa" {
			t.Errorf("file is recorded as %q, not relative", key)
		}
		return nil
	})
}

func TestSmallInputs(t *testing.T) {
	for name, records := range map[string][]testRecord{
		"no records":         {},
		"one record":         {{header: "a", lines: []string{"MKV"}, eol: "\n"}},
		"one empty record":   {{header: "a", eol: "\n"}},
		"empty headers":      {{header: "", lines: []string{"MKV"}, eol: "\n"}, {header: "", lines: []string{"M"}, eol: "\r\n"}},
		"id not UTF-8":       {{header: "\xff\xfe x", lines: []string{"MKV"}, eol: "\n"}},
		"multi-line":         {{header: "a", lines: []string{"MKV", "", "MKVAA", "M"}, eol: "\r\n"}, {header: "b", lines: []string{strings.Repeat("M", 5000)}, eol: "\n"}},
		"equal lengths":      shortRecords(2500, 0, 1),
		"a page":             shortRecords(pageEntries, 9, 1),
		"a page and a bit":   shortRecords(pageEntries+1, 9, 1),
		"long id, long line": {{header: strings.Repeat("x", 70000), lines: []string{strings.Repeat("M", 300000)}, eol: "\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(records)))
			compare(t, x, modelOf(records))
		})
	}
}

func TestFilesSortedGlobally(t *testing.T) {
	f := newFixture(t)
	a, b, c := someRecords(700, 1), shortRecords(900, 300, 2), []testRecord{}
	x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(a)), f.write("c.fa", fastaText(c)), f.write("b.fa", fastaText(b)))
	compare(t, x, modelOf(a, c, b))
	if first := x.Files()[2].FirstOrdinal; first != 700 {
		t.Errorf("first ordinal of the third file is %d", first)
	}
}

func TestDuplicateIDsAreCounted(t *testing.T) {
	f := newFixture(t)
	x, _ := f.ensure(Options{}, f.write("a.fa", ">a\nM\n>b\nM\n>a x\nMM\n"), f.write("b.fa", ">a\nM\n>c\nM\n"))
	if x.Duplicates() != 2 || x.Len() != 5 {
		t.Errorf("%d duplicates of %d", x.Duplicates(), x.Len())
	}
}

// lengthBucket returns all pairs of the bucket length, end to end.
func lengthBucket(t *testing.T, path string) []byte {
	t.Helper()
	db, err := bolt.Open(path, 0, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var all bytes.Buffer
	db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketLength).ForEach(func(key, value []byte) error {
			all.Write(key)
			all.Write(value)
			return nil
		})
	})
	return all.Bytes()
}

func TestEqualInputGivesEqualIndex(t *testing.T) {
	f := newFixture(t)
	text := fastaText(someRecords(2000, 3))
	x, _ := f.ensure(Options{}, f.write("a.fa", text))
	f.write("other name.fasta", text)
	f.setTime("other name.fasta", time.Now().Add(-time.Minute))
	y, _ := f.ensure(Options{Path: f.path("elsewhere.lfx")}, f.path("other name.fasta"))
	if x.Digest() != y.Digest() {
		t.Error("the digest depends on path or time")
	}
	if a, b := lengthBucket(t, x.Path()), lengthBucket(t, y.Path()); len(a) == 0 || !bytes.Equal(a, b) {
		t.Error("the pages differ")
	}
}

func TestDigestTellsContentAndOrder(t *testing.T) {
	f := newFixture(t)
	// The bodies differ by one residue that leaves every entry as it is.
	a, b, c := f.write("a.fa", ">a\nMKV\n"), f.write("b.fa", ">a\nMKL\n"), f.write("c.fa", ">c\nMK\n")
	seen := map[Digest]string{}
	for _, list := range [][]string{{a}, {b}, {a, c}, {c, a}, {a, b}, {b, a}} {
		x, _ := f.ensure(Options{}, list...)
		name := strings.Join(list, " ")
		if other, known := seen[x.Digest()]; known {
			t.Errorf("%s and %s have one digest", name, other)
		}
		seen[x.Digest()] = name
	}
}

func TestSizePerRecord(t *testing.T) {
	f := newFixture(t)
	records := someRecords(20000, 4) // ids are 20 to 21 bytes
	x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(records)))
	info, err := os.Stat(x.Path())
	if err != nil {
		t.Fatal(err)
	}
	if per := float64(info.Size()) / 20000; per > 50 {
		t.Errorf("%.1f bytes per record", per)
	}
	if x.Size() != info.Size() {
		t.Errorf("size is %d, not %d", x.Size(), info.Size())
	}
}

func TestRandomFilesAgainstModel(t *testing.T) {
	folder := t.TempDir()
	residues := rapid.StringOfN(rapid.SampledFrom([]rune("MKVLAX*>.-")), 0, 12, -1)
	record := rapid.Custom(func(t *rapid.T) testRecord {
		return testRecord{
			header: rapid.StringOfN(rapid.SampledFrom([]rune("ab|> \t")), 0, 6, -1).Filter(noLeadingBlank).Draw(t, "header"),
			lines:  rapid.SliceOfN(residues.Filter(noRecordStart), 0, 5).Draw(t, "lines"),
			eol:    rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "eol"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		files := rapid.SliceOfN(rapid.SliceOfN(record, 0, 30), 1, 3).Draw(t, "files")
		var paths []string
		for i, records := range files {
			paths = append(paths, folder+"/"+string(rune('a'+i))+".fa")
			if err := os.WriteFile(paths[i], []byte(fastaText(records)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		os.Remove(folder + "/x.lfx")
		x, _, err := Ensure(t.Context(), paths, Options{Path: folder + "/x.lfx"})
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		if err := compareAll(x, modelOf(files...)); err != nil {
			t.Fatal(err)
		}
		if err := x.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func noLeadingBlank(s string) bool { return s == "" || s[0] != ' ' && s[0] != '\t' }
func noRecordStart(s string) bool  { return !strings.HasPrefix(s, ">") }
