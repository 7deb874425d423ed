package index

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// wholeIndex returns a small index as bytes, its FASTA file and its entries.
func wholeIndex(t *testing.T) (f *fixture, fasta, path string, content []byte, model []Entry) {
	t.Helper()
	f = newFixture(t)
	records := shortRecords(150, 200, 1)
	fasta = f.write("a.fa", fastaText(records))
	x, _ := f.ensure(Options{}, fasta)
	x.Close()
	content, err := os.ReadFile(x.Path())
	if err != nil {
		t.Fatal(err)
	}
	return f, fasta, x.Path(), content, modelOf(records)
}

// read opens the index and reads all of it; a nil error means that it says what the model says.
func read(path string, model []Entry) error {
	x, err := Open(path)
	if err != nil {
		return err
	}
	defer x.Close()
	return compareAll(x, model)
}

func TestFlippedBytesGiveAnErrorOrTheSame(t *testing.T) {
	_, _, path, content, model := wholeIndex(t)
	damaged := path + ".damaged"
	file, err := os.Create(damaged)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Write(content); err != nil {
		t.Fatal(err)
	}
	unnoticed := 0
	for i, whole := range content {
		if i%7 != 0 && bytes.Count(content[max(0, i-1):min(i+2, len(content))], []byte{0}) == 3 {
			continue // the unused rest of a page is tried here and there
		}
		flip := whole ^ byte(1<<(i%8))
		if i%3 == 0 {
			flip = ^whole
		}
		if _, err := file.WriteAt([]byte{flip}, int64(i)); err != nil {
			t.Fatal(err)
		}
		switch err := read(damaged, model); {
		case err == nil:
			unnoticed++
		case !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNotIndex) && !errors.Is(err, ErrVersion):
			t.Fatalf("byte %d, %#x instead of %#x: %v", i, flip, whole, err)
		}
		file.WriteAt([]byte{whole}, int64(i))
	}
	if err := read(damaged, model); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, %d flips were without effect", len(content), unnoticed)
}

func TestTruncatedIndex(t *testing.T) {
	f, fasta, path, content, model := wholeIndex(t)
	for size := 0; size < len(content); size += 512 {
		if err := os.WriteFile(path, content[:size], 0o644); err != nil {
			t.Fatal(err)
		}
		if err := read(path, model); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("cut to %d bytes: %v", size, err)
		}
	}
	for _, size := range []int{0, 1, 20, 79, 90, 4095, 4096, 8192, len(content) / 2, len(content) - 1} {
		if err := os.WriteFile(path, content[:size], 0o644); err != nil {
			t.Fatal(err)
		}
		x, outcome, err := f.tryEnsure(Options{}, fasta)
		if err != nil || outcome != Created {
			t.Fatalf("cut to %d bytes: %v, %v", size, outcome, err)
		}
		f.logged("index is damaged")
		f.logged(path)
		compare(t, x, model)
		x.Close()
	}
}

// edit changes the database at path as bbolt allows anybody to.
func edit(t *testing.T, path string, change func(tx *bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(path, 0o644, &bolt.Options{PageSize: boltPageSize, NoFreelistSync: true})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := db.Update(change); err != nil {
			t.Fatal(err)
		}
		change = func(*bolt.Tx) error { return nil }
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := seal(path); err != nil {
		t.Fatal(err)
	}
}

func TestOtherVersionsAreNamedAndRebuilt(t *testing.T) {
	for version, remedy := range map[string]string{"7": "update longfirst", "4": "build it again"} {
		f, fasta, path, _, model := wholeIndex(t)
		edit(t, path, func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Put([]byte(factVersion), []byte(version)) })
		if err := read(path, model); !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), remedy) {
			t.Error(err)
		}
		x, outcome := f.ensure(Options{}, fasta)
		if outcome != Created {
			t.Error(outcome)
		}
		f.logged("it has version " + version + ", this program reads 5")
		compare(t, x, model)
	}
}

func TestChangedFactsAreNoticed(t *testing.T) {
	for name, change := range map[string]func(tx *bolt.Tx) error{
		"records":       func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Put([]byte("records"), []byte("149")) },
		"complete":      func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete([]byte(factComplete)) },
		"an added fact": func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Put([]byte("x"), []byte("y")) },
		"a file":        func(tx *bolt.Tx) error { return tx.Bucket(bucketMtime).Delete([]byte("a.fa")) },
		"a bucket":      func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketLength) },
		"the pages": func(tx *bolt.Tx) error {
			key, _ := tx.Bucket(bucketLength).Cursor().First()
			return tx.Bucket(bucketLength).Delete(key)
		},
	} {
		_, _, path, _, model := wholeIndex(t)
		edit(t, path, change)
		if err := read(path, model); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
		os.Remove(path)
	}
}

// TestForeignFilesAreLeftAlone: whatever stands at a path that a user names is not ours to overwrite.
func TestForeignFilesAreLeftAlone(t *testing.T) {
	f := newFixture(t)
	fasta := f.write("a.fa", ">a\nMKV\n")
	database := f.path("foreign.db")
	db, err := bolt.Open(database, 0o644, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.Update(func(tx *bolt.Tx) error {
		_, err := tx.CreateBucket([]byte("meta"))
		return err
	})
	db.Close()
	for _, path := range []string{f.write("text.txt", "my thesis\n"), f.write("long.txt", string(make([]byte, 9000))), database, fasta} {
		before, _ := os.ReadFile(path)
		if err := read(path, nil); !errors.Is(err, ErrNotIndex) {
			t.Errorf("%s: %v", path, err)
		}
		_, _, err := f.tryEnsure(Options{Path: path}, fasta)
		if !errors.Is(err, ErrNotIndex) || !bytes.Contains([]byte(err.Error()), []byte("--index")) {
			t.Errorf("%s: %v", path, err)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
			t.Errorf("%s was changed", path)
		}
	}
	if _, _, err := f.tryEnsure(Options{Path: f.folder}, fasta); err == nil {
		t.Error("a folder was taken as an index")
	}
}

// TestDamageFoundWhileSettling: a page is only looked at when the index is rewritten.
func TestDamageFoundWhileSettling(t *testing.T) {
	f, fasta, path, content, model := wholeIndex(t)
	at := bytes.Index(content, []byte("r149"))
	content[at] ^= 1
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	f.setTime("a.fa", time.Now().Add(-time.Minute))
	x, outcome := f.ensure(Options{}, fasta)
	if outcome != Created {
		t.Error(outcome)
	}
	f.logged("page fails its checksum")
	compare(t, x, model)
}

func TestLockedIndex(t *testing.T) {
	f, fasta, path, _, _ := wholeIndex(t)
	db, err := bolt.Open(path, 0o644, &bolt.Options{PageSize: boltPageSize, NoFreelistSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.tryEnsure(Options{}, fasta); !errors.Is(err, ErrLocked) {
		t.Error(err)
	}
	db.Close()
}

// TestShrunkWhileOpen: an index cut short under a reader's mapping faults, which is an error like others.
func TestShrunkWhileOpen(t *testing.T) {
	f := newFixture(t)
	f.stale = true
	records := shortRecords(20000, 10, 1)
	x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(records)))
	if err := os.Truncate(x.Path(), 3*boltPageSize); err != nil {
		t.Skip(err)
	}
	if err := compareAll(x, modelOf(records)); !errors.Is(err, ErrCorrupt) {
		t.Error(err)
	}
	if err := x.Check(context.Background()); !errors.Is(err, ErrCorrupt) {
		t.Error(err)
	}
}
