package index

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// weakHashes are hashes under which ids collide: all of them, most, many at the least and the largest hash.
var weakHashes = map[string]func(id []byte) uint64{
	"xxh3":     hashID,
	"all one":  func([]byte) uint64 { return 42 },
	"all zero": func([]byte) uint64 { return 0 },
	"all ones": func([]byte) uint64 { return math.MaxUint64 },
	"three":    func(id []byte) uint64 { return hashID(id) % 3 * (math.MaxUint64 / 2) },
	"low bits": func(id []byte) uint64 { return hashID(id) % 500 },
	"two near": func(id []byte) uint64 { return hashID(id) >> 63 },
}

// namedRecords returns n records with about n/2 ids.
func namedRecords(n int, seed uint64) []testRecord {
	records := shortRecords(n, 40, seed)
	random := rand.New(rand.NewPCG(seed, 5))
	for i := range records {
		records[i].header = fmt.Sprintf("id%d of record %d", random.IntN(n/2+1), i)
	}
	return records
}

// addNames extends x under a hash.
func (f *fixture) addNames(x *Index, hash func([]byte) uint64, opt Options) *Index {
	f.t.Helper()
	e := x.namesExtension()
	fill := e.fill
	e.fill = func(ctx context.Context, x *Index, r resources, put putFunc) ([]byte, error) {
		x.hash = hash
		return fill(ctx, x, r, put)
	}
	x, err := extend(context.Background(), x, opt, e)
	if err != nil {
		f.t.Fatal(err)
	}
	if !x.HasNames() {
		f.t.Fatal("there are no names")
	}
	x.hash = hash
	f.t.Cleanup(func() { x.Close() })
	return x
}

// findAll compares what Find gives for ids with what the model has.
func findAll(x *Index, model []Entry, ids [][]byte) error {
	byID := map[string][]Entry{}
	for _, e := range model {
		byID[string(e.ID)] = append(byID[string(e.ID)], e)
	}
	number, rest := 0, 0
	next := func() (Entry, bool) { // what must come next, by number, then position
		for ; number < len(ids); number, rest = number+1, 0 {
			if same := byID[string(ids[number])]; rest < len(same) {
				rest++
				return same[rest-1], true
			}
		}
		return Entry{}, false
	}
	for f, err := range x.Find(context.Background(), ids) {
		if err != nil {
			return err
		}
		want, ok := next()
		if !ok || f.Number != number {
			return fmt.Errorf("found id %d, %s, after number %d", f.Number, ids[f.Number], number)
		}
		if err := diff(&f.Entry, want); err != nil {
			return err
		}
	}
	if want, ok := next(); ok {
		return fmt.Errorf("not found: %s at %d", want.ID, want.Position)
	}
	return nil
}

// someIDs are ids of the model, some more than once, and ids that it does not have.
func someIDs(model []Entry, random *rand.Rand) [][]byte {
	var ids [][]byte
	for _, e := range model {
		if random.IntN(3) > 0 {
			ids = append(ids, e.ID)
		}
		if random.IntN(10) == 0 {
			ids = append(ids, append(slices.Clone(e.ID), 'x'), []byte(fmt.Sprint(random.Uint64())))
		}
	}
	random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	return append(ids, nil, []byte{})
}

// TestFind: with names and without, under any hash, spilled or not, every record of an id is found and no other.
func TestFind(t *testing.T) {
	for seed, label := range slices.Sorted(maps.Keys(weakHashes)) {
		for _, n := range []int{0, 1, 7, 3000} {
			random := rand.New(rand.NewPCG(uint64(seed), uint64(n)))
			f := newFixture(t)
			f.stale = label != "xxh3" // Check knows the true hash only
			records := namedRecords(n, uint64(seed))
			x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(records)))
			digest, pages := x.Digest(), pagesIn(t, x.Path())
			model := modelOf(records)
			ids := someIDs(model, random)
			if label != "xxh3" { // every id meets every record
				ids = ids[max(0, len(ids)-30):]
			}
			x.hash = weakHashes[label]
			if err := findAll(x, model, ids); err != nil {
				t.Fatalf("%s, %d, scanned: %v", label, n, err)
			}
			x = f.addNames(x, weakHashes[label], Options{Memory: []int64{0, 1}[random.IntN(2)]})
			if err := findAll(x, model, ids); err != nil {
				t.Fatalf("%s, %d: %v", label, n, err)
			}
			compare(t, x, model)
			if x.Digest() != digest || string(pagesIn(t, x.Path())) != string(pages) {
				t.Error("the entries are not those of before")
			}
			f.onlyIndex()
		}
	}
}

// TestNamesDoNotDependOnMemory: spilled or not, the pages are the same.
func TestNamesDoNotDependOnMemory(t *testing.T) {
	f := newFixture(t)
	path := f.write("a.fa", fastaText(namedRecords(30000, 1)))
	var bytes []string
	for i, memory := range []int64{0, 1} {
		x, _ := f.ensure(Options{Path: f.path(fmt.Sprint(i, Extension))}, path)
		x = f.addNames(x, hashID, Options{Memory: memory})
		bytes = append(bytes, string(bucketIn(t, x, x.namesExtension())))
	}
	if bytes[0] != bytes[1] {
		t.Error("they differ")
	}
}

func bucketIn(t *testing.T, x *Index, e *extension) (all []byte) {
	t.Helper()
	cursor := x.tx.Bucket(e.bucket).Cursor()
	for key, value := cursor.First(); key != nil; key, value = cursor.Next() {
		all = append(append(all, key...), value...)
	}
	return all
}

// TestNamesSize: about 8 bytes a record, as the documentation says.
func TestNamesSize(t *testing.T) {
	f := newFixture(t)
	x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(shortRecords(70000, 3, 1))))
	before := x.Size()
	x = f.addNames(x, hashID, Options{})
	if perRecord := float64(x.Size()-before) / float64(x.Len()); perRecord > 8 {
		t.Errorf("%.1f bytes a record", perRecord)
	}
}

func TestRebuiltIndexHasNoNames(t *testing.T) {
	f := newFixture(t)
	x, _ := f.ensure(Options{}, f.write("a.fa", ">a\nMKV\n"))
	x = f.addNames(x, hashID, Options{})
	x.Close()
	x, _ = f.ensure(Options{}, f.write("a.fa", ">a\nMKV\n>b\nMK\n"))
	if x.HasNames() {
		t.Error("it has")
	}
}

// TestOtherVersionOfNames is replaced.
func TestOtherVersionOfNames(t *testing.T) {
	f := newFixture(t)
	records := namedRecords(3000, 1)
	x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(records)))
	later := x.namesExtension()
	later.version = 9
	x, err := extend(t.Context(), x, Options{}, later)
	if err != nil {
		t.Fatal(err)
	}
	if x.HasNames() {
		t.Fatal("names of another version are taken for ours")
	}
	x = f.addNames(x, hashID, Options{})
	model := modelOf(records)
	if err := findAll(x, model, someIDs(model, rand.New(rand.NewPCG(1, 1)))); err != nil {
		t.Error(err)
	}
}

// TestUnwritableIndexFindsAllTheSame: where names can't be kept they are looked for each time.
func TestUnwritableIndexFindsAllTheSame(t *testing.T) {
	f := newFixture(t)
	records := namedRecords(300, 1)
	x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(records)))
	// Where the lock would be is a folder: that stops root too.
	if err := os.Mkdir(x.Path()+".lock", 0o755); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	x, err := AddNames(t.Context(), x, Options{Log: newTestLog(&said)})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if !strings.Contains(said.String(), "can't keep its names") || x.HasNames() {
		t.Error(said.String())
	}
	if err := findAll(x, modelOf(records), someIDs(modelOf(records), rand.New(rand.NewPCG(1, 1)))); err != nil {
		t.Error(err)
	}
}

func TestCancelledNames(t *testing.T) {
	f := newFixture(t)
	x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(namedRecords(300, 1))))
	ctx, cancel := context.WithCancel(t.Context())
	e := x.namesExtension()
	fill := e.fill
	e.fill = func(ctx context.Context, x *Index, r resources, put putFunc) ([]byte, error) {
		cancel()
		return fill(ctx, x, r, put)
	}
	if _, err := extend(ctx, x, Options{}, e); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	f.onlyIndex()
}

// TestPagesOfNamesAreMissed: a lookup notices when its page is not there, and Check any page.
func TestPagesOfNamesAreMissed(t *testing.T) {
	f := newFixture(t)
	f.stale = true
	records := namedRecords(4500, 1)
	counts := map[string]int{}
	for _, e := range modelOf(records) {
		counts[string(e.ID)]++
	}
	x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(records)))
	x = f.addNames(x, hashID, Options{})
	whole, err := os.ReadFile(x.Path())
	if err != nil {
		t.Fatal(err)
	}
	keys := keysIn(x, x.namesExtension())
	path := x.Path()
	x.Close()
	for i, key := range keys {
		os.WriteFile(path, whole, 0o644)
		edit(t, path, deleteKey(x.namesExtension(), key))
		x, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		err = x.Check(t.Context())
		if i == 0 {
			if err == nil {
				t.Error("without the head")
			}
			x.Close()
			continue
		}
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("without page %d: %v", i-1, err)
		}
		wrong := 0
		for id, want := range counts {
			have := 0
			for _, err := range x.Find(t.Context(), [][]byte{[]byte(id)}) {
				if have++; errors.Is(err, ErrCorrupt) {
					have = want
					wrong++
				} else if err != nil {
					t.Fatal(err)
				}
			}
			if have != want {
				t.Fatalf("without page %d %d records of %s are found, not %d", i-1, have, id, want)
			}
		}
		if wrong == 0 {
			t.Errorf("without page %d every record is found", i-1)
		}
		x.Close()
	}
}

func TestFrequentIDs(t *testing.T) {
	for label, hash := range weakHashes {
		f := newFixture(t)
		f.stale = label != "xxh3"
		records := namedRecords(400, 1)
		for i := range 1500 { // over several pages
			records = append(records, testRecord{header: "many", eol: "\n", lines: []string{strings.Repeat("M", i%9)}})
		}
		x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(records)))
		counts := map[string]int64{}
		for _, e := range modelOf(records) {
			counts[string(e.ID)]++
		}
		if ids, err := x.FrequentIDs(t.Context(), 5); len(ids) > 0 || err != nil {
			t.Error(ids, err)
		}
		x = f.addNames(x, hash, Options{})
		ids, err := x.FrequentIDs(t.Context(), 5)
		if err != nil || len(ids) != 5 || ids[0] != (IDCount{"many", 1500}) {
			t.Fatalf("%s: %v, %v", label, ids, err)
		}
		for i, id := range ids {
			if counts[id.ID] != id.Records || i > 0 && ids[i-1].Records < id.Records {
				t.Errorf("%s: %v, it is %d", label, ids, counts[id.ID])
			}
		}
	}
}
