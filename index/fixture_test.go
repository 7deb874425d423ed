package index

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// fixture is a folder with FASTA files and their index. At the end of the test the index at its path, if there is one,
// must pass Check, unless the test said that it leaves it stale.
type fixture struct {
	t      *testing.T
	folder string
	stale  bool
	log    bytes.Buffer
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, folder: t.TempDir()}
	t.Cleanup(func() {
		if f.stale || t.Failed() {
			return
		}
		indexes, _ := filepath.Glob(filepath.Join(f.folder, "*"+Extension))
		for _, path := range indexes {
			x, err := Open(path)
			if err != nil {
				t.Errorf("at the end of the test: %v", err)
				continue
			}
			if err := x.Check(context.Background()); err != nil {
				t.Errorf("at the end of the test: %v", err)
			}
			x.Close()
		}
	})
	return f
}

func (f *fixture) path(name string) string { return filepath.Join(f.folder, name) }

// write makes a file with a modification time an hour ago, which no rule about clocks concerns.
func (f *fixture) write(name, content string) string {
	f.t.Helper()
	if err := os.WriteFile(f.path(name), []byte(content), 0o644); err != nil {
		f.t.Fatal(err)
	}
	f.setTime(name, time.Now().Add(-time.Hour))
	return f.path(name)
}

func (f *fixture) setTime(name string, at time.Time) {
	f.t.Helper()
	if err := os.Chtimes(f.path(name), at, at); err != nil {
		f.t.Fatal(err)
	}
}

// ensure runs Ensure with a fresh log and closes the index at the end of the test.
func (f *fixture) ensure(opt Options, paths ...string) (*Index, Outcome) {
	f.t.Helper()
	x, outcome, err := f.tryEnsure(opt, paths...)
	if err != nil {
		f.t.Fatal(err)
	}
	return x, outcome
}

func (f *fixture) tryEnsure(opt Options, paths ...string) (*Index, Outcome, error) {
	f.log.Reset()
	opt.Log = slog.New(slog.NewTextHandler(&f.log, nil))
	x, outcome, err := Ensure(context.Background(), paths, opt)
	if err == nil {
		f.t.Cleanup(func() { x.Close() })
	}
	return x, outcome, err
}

func (f *fixture) logged(want string) {
	f.t.Helper()
	if !strings.Contains(f.log.String(), want) {
		f.t.Errorf("the log does not say %q: %s", want, f.log.String())
	}
}

// testRecord is a record of the in-memory model: what a test writes, and so knows of the file.
type testRecord struct {
	header string // without '>'
	lines  []string
	eol    string
}

func (r testRecord) text() string {
	var text strings.Builder
	text.WriteString(">" + r.header + r.eol)
	for _, line := range r.lines {
		text.WriteString(line + r.eol)
	}
	return text.String()
}

func fastaText(records []testRecord) string {
	var text strings.Builder
	for _, r := range records {
		text.WriteString(r.text())
	}
	return text.String()
}

// modelOf returns the entries, in index order, that the files must give. Line layouts are left out.
func modelOf(files ...[]testRecord) []Entry {
	var model []Entry
	for number, records := range files {
		var offset int64
		for _, r := range records {
			id := r.header
			if end := strings.IndexAny(id, " \t"); end >= 0 {
				id = id[:end]
			}
			if id == "" {
				id = strconv.FormatInt(offset, 10)
			}
			body := offset + int64(1+len(r.header)+len(r.eol))
			end := offset + int64(len(r.text()))
			model = append(model, Entry{
				Ordinal: int64(len(model)), File: number, ID: []byte(id),
				Offset: offset, BodyOffset: body, BodyEnd: end, Length: int64(len(strings.Join(r.lines, ""))),
			})
			offset = end
		}
	}
	slices.SortStableFunc(model, func(a, b Entry) int { return cmp.Compare(b.Length, a.Length) })
	for i := range model {
		model[i].Position = int64(i)
	}
	return model
}

// diff compares an entry with one of the model.
func diff(have *Entry, model Entry) error {
	model.LineResidues, model.LineBytes = have.LineResidues, have.LineBytes
	if !sameEntry(have, &model) {
		return fmt.Errorf("entry is %+v, not %+v", *have, model)
	}
	return nil
}

// compare reads all entries of x and compares them with the model.
func compare(t *testing.T, x *Index, model []Entry) {
	t.Helper()
	if err := compareAll(x, model); err != nil {
		t.Fatal(err)
	}
}

func compareAll(x *Index, model []Entry) error {
	if x.Len() != int64(len(model)) {
		return fmt.Errorf("index has %d records, not %d", x.Len(), len(model))
	}
	i := 0
	for e, err := range x.Entries(Share(x.Len(), 0, 1)) {
		if err != nil {
			return err
		}
		if err := diff(e, model[i]); err != nil {
			return err
		}
		i++
	}
	if i != len(model) {
		return fmt.Errorf("iteration ended after %d of %d entries", i, len(model))
	}
	return nil
}

// someRecords returns n records with lengths of a proteome, roughly, in lines of 60.
func someRecords(n int, seed uint64) []testRecord {
	random := rand.New(rand.NewPCG(seed, 1))
	records := make([]testRecord, n)
	for i := range records {
		length := int(40 * (1 + random.ExpFloat64()*8))
		r := testRecord{header: fmt.Sprintf("sp|P%05d|NAME_%d protein %d", i, seed, i), eol: "\n"}
		for ; length > 0; length -= 60 {
			r.lines = append(r.lines, strings.Repeat("M", min(length, 60)))
		}
		records[i] = r
	}
	return records
}

// shortRecords returns n records of 0 to longest residues.
func shortRecords(n, longest int, seed uint64) []testRecord {
	random := rand.New(rand.NewPCG(seed, 2))
	records := make([]testRecord, n)
	for i := range records {
		records[i] = testRecord{
			header: fmt.Sprintf("r%d", i), eol: "\n", lines: []string{strings.Repeat("A", random.IntN(longest+1))},
		}
	}
	return records
}
