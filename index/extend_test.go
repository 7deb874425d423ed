package index

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

func newTestLog(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

func keysIn(x *Index, e *extension) (keys [][]byte) {
	cursor := x.tx.Bucket(e.bucket).Cursor()
	for key, _ := cursor.First(); key != nil; key, _ = cursor.Next() {
		keys = append(keys, bytes.Clone(key))
	}
	return keys
}

func deleteKey(e *extension, key []byte) func(tx *bolt.Tx) error {
	return func(tx *bolt.Tx) error { return tx.Bucket(e.bucket).Delete(key) }
}

// TestFlippedBytesOfNames: every byte that the names take, and those of bbolt that lead to them, is flipped: what is found
// is right, or the damage is named.
func TestFlippedBytesOfNames(t *testing.T) {
	f := newFixture(t)
	f.stale = true
	records := namedRecords(150, 1)
	model := modelOf(records)
	x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(records)))
	x = f.addNames(x, hashID, Options{})
	x.Close()
	content, err := os.ReadFile(x.Path())
	if err != nil {
		t.Fatal(err)
	}
	ids := someIDs(model, rand.New(rand.NewPCG(1, 1)))
	flipAll(t, x.Path(), content, func() error {
		y, err := Open(x.Path())
		if err != nil {
			return err
		}
		defer y.Close()
		return findAll(y, model, ids)
	})
}

// flipAll flips every byte of a file that is not among zeros, one at a time: try must give nil or say that the index is
// damaged.
func flipAll(t *testing.T, path string, content []byte, try func() error) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	found := 0
	for i, whole := range content {
		if i%31 != 0 && bytes.Count(content[max(0, i-1):min(i+2, len(content))], []byte{0}) == 3 {
			continue // the unused rest of a page is tried here and there
		}
		flip := whole ^ byte(1<<(i%8))
		if _, err := file.WriteAt([]byte{flip}, int64(i)); err != nil {
			t.Fatal(err)
		}
		err := try()
		if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNotIndex) && !errors.Is(err, ErrVersion) {
			t.Fatalf("byte %d, %#x instead of %#x: %v", i, flip, whole, err)
		}
		if err != nil {
			found++
		}
		file.WriteAt([]byte{whole}, int64(i))
	}
	if err := try(); err != nil || found == 0 {
		t.Fatalf("%d flips were noticed; afterwards: %v", found, err)
	}
}

// TestReaderDuringExtension: whoever has the index open keeps it, byte for byte.
func TestReaderDuringExtension(t *testing.T) {
	f := newFixture(t)
	records := namedRecords(5000, 1)
	model := modelOf(records)
	x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(records)))
	reader, err := Open(x.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	at := 0
	for e, err := range reader.Entries(Share(reader.Len(), 0, 1)) {
		if err == nil {
			err = diff(e, model[at])
		}
		if err != nil {
			t.Fatal(err)
		}
		if at++; at == 2000 {
			f.addNames(x, hashID, Options{})
		}
	}
	if reader.HasNames() {
		t.Error("the old file has changed")
	}
}

// TestManyExtendAtOnce: of many that need the names at the same time one makes them.
func TestManyExtendAtOnce(t *testing.T) {
	f := newFixture(t)
	records := namedRecords(20000, 1)
	model := modelOf(records)
	built, _ := f.ensure(Options{}, f.write("a.fa", fastaText(records)))
	var said lockedBuilder
	var group sync.WaitGroup
	for seed := range uint64(6) {
		group.Go(func() {
			x, err := Open(built.Path())
			if err == nil {
				x, err = AddNames(t.Context(), x, Options{Log: newTestLog(&said)})
			}
			if err != nil {
				t.Error(err)
				return
			}
			defer x.Close()
			if err := findAll(x, model, someIDs(model, rand.New(rand.NewPCG(seed, 1)))); err != nil || !x.HasNames() {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := strings.Count(said.String(), "Adding names"); n != 1 {
		t.Errorf("they were made %d times", n)
	}
	f.onlyIndex()
}

type lockedBuilder struct {
	sync.Mutex
	strings.Builder
}

func (b *lockedBuilder) Write(p []byte) (int, error) {
	b.Lock()
	defer b.Unlock()
	return b.Builder.Write(p)
}

// TestKilledExtension: whenever a process that adds names is killed, the index is there, with names or without.
func TestKilledExtension(t *testing.T) {
	f := newFixture(t)
	records := namedRecords(20000, 1)
	model := modelOf(records)
	x, _ := f.ensure(Options{}, f.write("a.fa", fastaText(records)))
	plain, err := os.ReadFile(x.Path())
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	run := func(kill time.Duration) {
		command, _ := builder(f.path("a.fa"))
		command.Env = append(command.Env, namesVariable+"=1")
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		if kill > 0 {
			time.Sleep(kill)
			command.Process.Kill()
		}
		command.Wait()
	}
	run(0)
	whole := time.Since(begin)
	const kills = 25
	for i := range time.Duration(kills) {
		if i%5 == 0 {
			if err := os.WriteFile(x.Path(), plain, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		run(whole/5 + whole*i/kills)
		y, err := Open(x.Path())
		if err != nil {
			t.Fatal(err)
		}
		if err := findAll(y, model, [][]byte{model[i].ID}); err != nil {
			t.Fatal(err)
		}
		compare(t, y, model)
		y.Close()
	}
	run(0)
	y, err := Open(x.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer y.Close()
	if !y.HasNames() {
		t.Error("at last there are no names")
	}
	f.onlyIndex()
}
