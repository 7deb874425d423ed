package index

import (
	"bytes"
	"math/rand/v2"
	"os"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// pagesIn returns all keys and values of the bucket length, end to end.
func pagesIn(t *testing.T, path string) []byte {
	t.Helper()
	db, err := bolt.Open(path, 0, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var all []byte
	db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketLength).ForEach(func(key, value []byte) error {
			all = append(append(all, key...), value...)
			return nil
		})
	})
	return all
}

// sameEntries fails unless two indexes hold the same entries, byte for byte.
func sameEntries(t *testing.T, a, b *Index) {
	t.Helper()
	if a.Digest() != b.Digest() || string(pagesIn(t, a.Path())) != string(pagesIn(t, b.Path())) {
		t.Error("the pages are not the same")
	}
	have, want := a.facts, b.facts
	have.created = want.created
	if have != want {
		t.Errorf("facts are %+v, not %+v", have, want)
	}
}

// sameContent fails unless two indexes hold the same entries and the same of their files.
func sameContent(t *testing.T, a, b *Index) {
	t.Helper()
	sameEntries(t, a, b)
	for i := range a.files {
		if a.files[i] != b.files[i] {
			t.Fatalf("file %d is %+v, not %+v", i, a.files[i], b.files[i])
		}
	}
}

// TestBuildsAreTheSame: neither the number of threads nor what fits in memory shows in an index.
func TestBuildsAreTheSame(t *testing.T) {
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 3))
		f := newFixture(t)
		var paths []string
		for i := range 1 + random.IntN(4) {
			longest := []int{0, 3, 300}[random.IntN(3)]
			paths = append(paths, f.write(string(rune('a'+i))+".fa", fastaText(shortRecords(random.IntN(3000), longest, seed))))
		}
		plain, _ := f.ensure(Options{Path: t.TempDir() + "/plain.lfx", Threads: 1}, paths...)
		for _, memory := range []int64{1, 100 << 10, 1 << 20} {
			opt := Options{Path: t.TempDir() + "/other.lfx", Threads: 1 + random.IntN(4), Memory: memory}
			other, outcome := f.ensure(opt, paths...)
			if outcome != Created {
				t.Fatal(outcome)
			}
			sameContent(t, other, plain)
		}
	}
}

// TestSpilledDuplicates counts ids that repeat within and between what is spilled at a time.
func TestSpilledDuplicates(t *testing.T) {
	f := newFixture(t)
	path := f.write("a.fa", fastaText(append(shortRecords(5000, 3, 1), shortRecords(7000, 3, 2)...)))
	for _, memory := range []int64{1, 200 << 10, 0} {
		x, _ := f.ensure(Options{Path: f.path("x.lfx"), Memory: memory}, path)
		if x.Duplicates() != 5000 {
			t.Errorf("%d duplicates with %d bytes of memory", x.Duplicates(), memory)
		}
		x.Close()
		os.Remove(x.Path())
	}
}

// TestLongRecordsAreSorted has lengths on both sides of the bound up to which they are counted.
func TestLongRecordsAreSorted(t *testing.T) {
	f := newFixture(t)
	var records []testRecord
	for i, length := range []int{0, shortLength - 1, shortLength, 5, shortLength + 1, shortLength, shortLength - 1, 5} {
		records = append(records, testRecord{header: string(rune('a' + i)), eol: "\n", lines: []string{string(bytes.Repeat([]byte("M"), length))}})
	}
	for _, memory := range []int64{1, 0} {
		x, _ := f.ensure(Options{Path: f.path("x.lfx"), Memory: memory}, f.write("a.fa", fastaText(records)))
		compare(t, x, modelOf(records))
		x.Close()
		os.Remove(x.Path())
	}
}

// TestDamagedSpillIsNoticed: what is read back from a spill is what was written.
func TestDamagedSpillIsNoticed(t *testing.T) {
	f := newFixture(t)
	file, err := newSpill(f.path("spill.tmp"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.close()
	var one rows
	for i := range pageEntries {
		one.add(&[columnCount]uint64{columnLength: 7, columnOrdinal: uint64(i), columnIDSize: 2}, []byte("id"))
	}
	run, err := file.writeRun(&fixedStream{blocks: []*rows{&one}})
	if err != nil {
		t.Fatal(err)
	}
	read := func() error {
		_, err := file.stream(run, 1<<10).block()
		return err
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	for at := run.start; at < run.end; at += 101 {
		var whole [1]byte
		file.file.ReadAt(whole[:], at)
		file.file.WriteAt([]byte{whole[0] ^ 4}, at)
		if read() == nil {
			t.Errorf("byte %d", at)
		}
		file.file.WriteAt(whole[:], at)
	}
}

type fixedStream struct{ blocks []*rows }

func (s *fixedStream) block() (*rows, error) {
	if len(s.blocks) == 0 {
		return nil, nil
	}
	first := s.blocks[0]
	s.blocks = s.blocks[1:]
	return first, nil
}

// TestSpillLeavesNothing: the file goes to the folder asked for and is gone after the build.
func TestSpillLeavesNothing(t *testing.T) {
	f := newFixture(t)
	path := f.write("a.fa", fastaText(shortRecords(5000, 40, 1)))
	f.ensure(Options{Memory: 1, Temp: t.TempDir()}, path)
	f.onlyIndex()
	f.write("b.fa", fastaText(shortRecords(5000, 40, 2)))
	if _, _, err := f.tryEnsure(Options{Memory: 1, Temp: f.path("none")}, f.path("b.fa")); err == nil || !bytes.Contains([]byte(err.Error()), []byte("--tmp")) {
		t.Error(err)
	}
}
