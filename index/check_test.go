package index

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"
)

// spoiledStream changes the fourth entry of a stream.
type spoiledStream struct {
	stream
	spoil func(v *[columnCount]uint64, id []byte)
}

func (s *spoiledStream) block() (*rows, error) {
	block, err := s.stream.block()
	if block != nil && s.spoil != nil {
		size := func(i int) uint64 { return block.values[i][columnIDSize] }
		s.spoil(&block.values[3], block.ids[size(0)+size(1)+size(2):])
		s.spoil = nil
	}
	return block, err
}

// TestCheckFindsWhatIsWrong writes indexes that are whole in themselves and wrong about their files.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	entry := func(spoil func(v *[columnCount]uint64, id []byte)) func(c *collection) {
		return func(c *collection) {
			whole := c.run
			c.run, c.donors = run{}, []stream{&spoiledStream{whole.stream(), spoil}}
		}
	}
	add := func(column int, by int) func(c *collection) {
		return entry(func(v *[columnCount]uint64, _ []byte) { v[column] += uint64(by) })
	}
	for name, spoil := range map[string]func(c *collection){
		"id":       entry(func(_ *[columnCount]uint64, id []byte) { id[0] = 'x' }),
		"offset":   add(columnOffset, 1),
		"body":     add(columnHeader, 1),
		"end":      add(columnBlanks, 1),
		"length":   add(columnLength, -1),
		"ordinal":  add(columnOrdinal, -1),
		"layout":   add(columnLineExtra, 1),
		"longest":  func(c *collection) { c.facts.longest = 1000 },
		"repeated": func(c *collection) { c.duplicates.total++ },
		"hash":     func(c *collection) { c.files[0].Hash[0]++; c.recorded[0] = factNow(c.files[0]) },
		"size": func(c *collection) {
			c.files[0].Stamp.Size++
			c.files[0].TextSize++
			c.recorded[0] = factNow(c.files[0])
		},
		"residues": func(c *collection) {
			c.files[0].Residues++
			c.facts.residues++
			c.recorded[0] = factNow(c.files[0])
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.stale = true
			list, err := sources([]string{f.write("a.fa", fastaText(shortRecords(2000, 40, 1)))})
			if err != nil {
				t.Fatal(err)
			}
			c, err := collect(t.Context(), list, donation{}, resources{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.close()
			spoil(c)
			spoiled, err := c.content()
			if err != nil {
				t.Fatal(err)
			}
			temporary, _, err := writeBeside(t.Context(), f.path("x.lfx"), spoiled)
			if err == nil {
				err = install(temporary, f.path("x.lfx"))
			}
			if err != nil {
				t.Fatal(err)
			}
			x, err := Open(f.path("x.lfx"))
			if err != nil {
				t.Fatal(err)
			}
			defer x.Close()
			if err := x.Check(t.Context()); !errors.Is(err, ErrMismatch) {
				t.Error(err)
			}
		})
	}
}

func TestCheckLooksAtTheFiles(t *testing.T) {
	f := newFixture(t)
	f.stale = true
	path := f.write("a.fa", ">a\nMKV\n")
	x, _ := f.ensure(Options{}, path)
	if err := x.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := x.Check(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	info, _ := os.Stat(path)
	f.write("a.fa", ">b\nMKV\n")
	f.setTime("a.fa", info.ModTime())
	if err := x.Check(t.Context()); !errors.Is(err, ErrMismatch) {
		t.Errorf("forged: %v", err)
	}
	f.setTime("a.fa", time.Now())
	if err := x.Check(t.Context()); !errors.Is(err, ErrMismatch) {
		t.Errorf("touched: %v", err)
	}
	os.Remove(path)
	if err := x.Check(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed: %v", err)
	}
}

// factNow is the fact of a file that was read now.
func factNow(file FileInfo) fileFact {
	return newFileFact(file, newSeen(file.Stamp, file.Hash, time.Now()))
}
