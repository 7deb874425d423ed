package index

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// branchedFile is a database with a branch page, as an index of some hundred thousand records has, marked as ours.
func branchedFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.lfx")
	edit(t, path, func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketMeta, bucketMtime} {
			if err := putBucket(tx, name, map[string]string{"some": "thing"}); err != nil {
				return err
			}
		}
		bucket, err := tx.CreateBucket(bucketLength)
		if err != nil {
			return err
		}
		bucket.FillPercent = 1
		for i := range int64(300) {
			key := pageKey(1000-i, i*pageEntries)
			if err := bucket.Put(key[:], make([]byte, 1500)); err != nil {
				return err
			}
		}
		return nil
	})
	return path
}

// walkAll does what a reader would: it steps through the bucket and seeks in it, guarded.
func walkAll(path string) error {
	x := &Index{path: path}
	if err := guard(path, x.openDatabase); err != nil {
		return err
	}
	defer x.db.Close()
	return guard(path, func() error {
		return x.db.View(func(tx *bolt.Tx) error {
			cursor := tx.Bucket(bucketLength).Cursor()
			for key, _ := cursor.First(); key != nil; key, _ = cursor.Next() {
			}
			for i := range int64(300) {
				key := pageKey(1000-i, i*pageEntries)
				cursor.Seek(key[:])
			}
			return nil
		})
	})
}

// branches returns the branch pages of a file.
func branches(content []byte) (pages []int) {
	for id := 2; id < len(content)/boltPageSize; id++ {
		page := content[id*boltPageSize:]
		if binary.NativeEndian.Uint64(page) == uint64(id) && boltFlags(page) == boltBranchFlag {
			pages = append(pages, id)
		}
	}
	return pages
}

// TestDamagedBranchesEndReading: whatever byte of a branch page is damaged, reading comes to an end, with or without an
// error. Without the walk before the mapping some of these run in circles until memory ends.
func TestDamagedBranchesEndReading(t *testing.T) {
	path := branchedFile(t)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := walkAll(path); err != nil {
		t.Fatal(err)
	}
	pages := branches(content)
	if len(pages) == 0 {
		t.Fatal("the file has no branch page")
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	refused := 0
	for _, id := range pages {
		used := boltHeaderSize + boltCount(content[id*boltPageSize:])*boltElementSize
		for i := id * boltPageSize; i < id*boltPageSize+used; i++ {
			file.WriteAt([]byte{content[i] ^ byte(1<<(i%8))}, int64(i))
			if walkAll(path) != nil {
				refused++
			}
			file.WriteAt(content[i:i+1], int64(i))
		}
	}
	if refused == 0 {
		t.Error("no damage was noticed")
	}
}

func TestCircleOfBranchesIsRefused(t *testing.T) {
	path := branchedFile(t)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	id := branches(content)[0]
	binary.NativeEndian.PutUint64(content[id*boltPageSize+boltHeaderSize+8:], uint64(id)) // its first child is itself
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := walkAll(path); err == nil || !strings.Contains(err.Error(), "reached before") {
		t.Error(err)
	}
}
