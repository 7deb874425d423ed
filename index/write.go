package index

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	bolt "go.etcd.io/bbolt"
)

// storedPage is a page as the bucket length holds it.
type storedPage struct {
	key   [keySize]byte
	value []byte
}

// pagesPerTransaction bounds the memory of a transaction to about 10 MB of proteins.
const pagesPerTransaction = 256

// content is what an index file is written from.
type content struct {
	facts    facts // digest is filled in by the writing
	files    []FileInfo
	recorded []fileFact
	pages    iter.Seq2[storedPage, error]
	size     int64 // expected bytes of the file
}

// writeBeside writes c to a temporary file beside path, whole and on disk, for install. What stands at path is untouched.
// The caller holds the lock of path.
func writeBeside(ctx context.Context, path string, c content) (temporary string, digest Digest, err error) {
	folder := filepath.Dir(path)
	if free, known := freeSpace(folder); known && free < c.size {
		return "", digest, fmt.Errorf("%s: %w: about %d bytes are needed, %d are free in %s; name a file elsewhere with --index",
			path, ErrNoSpace, c.size, free, folder)
	}
	sweep(path)
	temporary = fmt.Sprintf("%s.%d%s", path, os.Getpid(), temporarySuffix)
	if digest, err = writeDatabase(ctx, temporary, c); err == nil {
		err = seal(temporary)
	}
	if err != nil {
		os.Remove(temporary)
	}
	if errors.Is(err, syscall.ENOSPC) {
		err = fmt.Errorf("%s: %w: %w; name a file elsewhere with --index", path, ErrNoSpace, err)
	}
	return temporary, digest, err
}

// install renames a file of writeBeside to path. Who has the file that stood there open keeps it.
func install(temporary, path string) error {
	if err := os.Rename(temporary, path); err != nil {
		os.Remove(temporary)
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// temporarySuffix ends the name of an index that is being written, <index>.<pid>.tmp.
const temporarySuffix = ".tmp"

// sweep removes what killed builds of the index at path have left. Only a holder of the index's lock builds, so no
// process lives that would finish them; where locks do not reach another machine, the lock that bbolt holds on a
// file it writes may still tell.
func sweep(path string) {
	strays, err := filepath.Glob(globQuote(path) + ".*" + temporarySuffix)
	if err != nil {
		return
	}
	for _, stray := range strays {
		process := strings.TrimSuffix(strings.TrimPrefix(stray, path+"."), temporarySuffix)
		if strings.Trim(process, "0123456789") == "" && !inUse(stray) {
			os.Remove(stray)
		}
	}
}

// globQuote returns the pattern that matches path alone.
func globQuote(path string) string {
	var pattern strings.Builder
	for _, char := range path {
		if strings.ContainsRune(`*?[`, char) || char == '\\' && filepath.Separator != '\\' {
			fmt.Fprintf(&pattern, "[%c]", char)
			continue
		}
		pattern.WriteRune(char)
	}
	return pattern.String()
}

func writeDatabase(ctx context.Context, path string, c content) (digest Digest, err error) {
	db, err := bolt.Open(path, 0o644, &bolt.Options{
		Timeout: lockTimeout, PageSize: boltPageSize, NoStatistics: true,
		NoSync: true, NoGrowSync: true, NoFreelistSync: true,
	})
	if lacksLocks(err) {
		return digest, noLocks(path, err)
	}
	if err != nil {
		return digest, err
	}
	defer db.Close()
	if digest, err = putPages(ctx, db, c); err != nil {
		return digest, err
	}
	c.facts.digest = digest
	if err := putPairs(db, filepath.Dir(path), c); err != nil {
		return digest, err
	}
	// The same state once more, under the other meta page: now either opens the whole index.
	if err := db.Update(func(*bolt.Tx) error { return nil }); err != nil {
		return digest, err
	}
	return digest, db.Close()
}

func putPages(ctx context.Context, db *bolt.DB, c content) (Digest, error) {
	sum := newDigester(c.files)
	next, stop := iter.Pull2(c.pages)
	defer stop()
	for more := true; more; {
		if err := context.Cause(ctx); err != nil {
			return Digest{}, err
		}
		err := db.Update(func(tx *bolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists(bucketLength)
			if err != nil {
				return err
			}
			bucket.FillPercent = 1 // keys arrive in order
			for range pagesPerTransaction {
				page, err, ok := next()
				if more = ok; !more || err != nil {
					return err
				}
				sum.page(page.value)
				if err := bucket.Put(page.key[:], page.value); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return Digest{}, err
		}
	}
	return sum.digest(), nil
}

func putPairs(db *bolt.DB, folder string, c content) error {
	mtime := map[string]string{}
	for i, file := range c.files {
		mtime[fileKey(folder, file.Path)] = string(c.recorded[i].encode())
	}
	meta := c.facts.pairs()
	meta[factChecksum] = fmt.Sprint(pairsChecksum(meta, mtime))
	return db.Update(func(tx *bolt.Tx) error {
		return errors.Join(putBucket(tx, bucketMtime, mtime), putBucket(tx, bucketMeta, meta))
	})
}

func putBucket(tx *bolt.Tx, name []byte, pairs map[string]string) error {
	bucket, err := tx.CreateBucketIfNotExists(name)
	if err != nil {
		return err
	}
	for _, key := range sortedKeys(pairs) {
		if err := bucket.Put([]byte(key), []byte(pairs[key])); err != nil {
			return err
		}
	}
	return nil
}

// seal cuts off what bbolt has allocated beyond its pages, sets the mark and brings the file to disk.
func seal(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	head := make([]byte, boltPageSize)
	if _, err := file.ReadAt(head, 0); err != nil {
		return err
	}
	meta, err := readMeta(head)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := file.Truncate(int64(meta.high) * boltPageSize); err != nil {
		return err
	}
	if _, err := file.WriteAt([]byte(mark), markOffset); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	return file.Close()
}
