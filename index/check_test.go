package index

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"
)

// TestCheckFindsWhatIsWrong writes indexes that are whole in themselves and wrong about their files.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	for name, spoil := range map[string]func(c *collection){
		"id":       func(c *collection) { c.entries[3].ID = []byte("other") },
		"offset":   func(c *collection) { c.entries[3].Offset++ },
		"body":     func(c *collection) { c.entries[3].BodyOffset++ },
		"end":      func(c *collection) { c.entries[3].BodyEnd++ },
		"length":   func(c *collection) { c.entries[3].Length++ },
		"ordinal":  func(c *collection) { c.entries[3].Ordinal-- },
		"layout":   func(c *collection) { c.entries[3].LineBytes++ },
		"longest":  func(c *collection) { c.facts.longest++ },
		"repeated": func(c *collection) { c.facts.duplicates++ },
		"hash":     func(c *collection) { c.files[0].Hash[0]++; c.recorded[0] = newFileFact(c.files[0], time.Now()) },
		"size":     func(c *collection) { c.files[0].Stamp.Size++; c.recorded[0] = newFileFact(c.files[0], time.Now()) },
		"residues": func(c *collection) {
			c.files[0].Residues++
			c.facts.residues++
			c.recorded[0] = newFileFact(c.files[0], time.Now())
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.stale = true
			list, err := sources([]string{f.write("a.fa", fastaText(shortRecords(2000, 40, 1)))})
			if err != nil {
				t.Fatal(err)
			}
			c, err := collect(t.Context(), list, nil)
			if err != nil {
				t.Fatal(err)
			}
			spoil(c)
			temporary, _, err := writeBeside(t.Context(), f.path("x.lfx"), content{
				facts: c.facts, files: c.files, recorded: c.recorded, pages: c.pages(),
			})
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
