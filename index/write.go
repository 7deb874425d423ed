package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	bolt "go.etcd.io/bbolt"

	"longfirst/mmapfasta/inorder"
)

// pagesPerTransaction bounds the memory of a transaction to about 1.3 MB of proteins, which bbolt copies once.
const pagesPerTransaction = 32

// transactionsPerWriteback is about 10 MB.
const transactionsPerWriteback = 8

// content is what an index file is written from.
type content struct {
	files    []FileInfo
	recorded []fileFact
	size     int64 // expected bytes of the file
	pages    pageSource
	facts    func() (facts, error)           // called behind the last page; the digest is filled in
	written  func(bytesDone, bytesAll int64) // called now and then, of size; nil for nothing to do
}

// pageSource makes the pages of an index, a transaction's at a time.
type pageSource struct {
	pages   int64
	threads int // that may fill batches side by side, or 1 where they must be filled in order

	fill func(b *pageBatch, first, end int64) error // makes pages [first, end)
	take func(b *pageBatch) error                   // looks at each batch in order; nil for nothing to do
}

// pageBatch is the pages of one transaction. bbolt keeps values until their transaction is committed; then the memory is
// used again.
type pageBatch struct {
	keys   [][keySize]byte
	ends   []int
	memory []byte   // the pages, end to end
	hashes []uint64 // of the ids, for counting duplicates
	rows   rows     // scratch
	err    error    // of filling
}

func (b *pageBatch) reset() {
	b.keys, b.ends, b.memory, b.hashes = b.keys[:0], b.ends[:0], b.memory[:0], b.hashes[:0]
}

// add makes the page of rows that begin at position.
func (b *pageBatch) add(rows *rows, position int64) {
	key := rows.key(position)
	b.memory = rows.appendPage(b.memory, key)
	b.keys, b.ends = append(b.keys, key), append(b.ends, len(b.memory))
}

// put writes the pages in their order, which is that of the bucket.
func (b *pageBatch) put(tx *bolt.Tx, sum digester) error {
	bucket, err := tx.CreateBucketIfNotExists(bucketLength)
	if err != nil {
		return err
	}
	bucket.FillPercent = 1 // keys arrive in order
	start := 0
	for i, end := range b.ends {
		value := b.memory[start:end:end]
		start = end
		sum.page(value)
		if err := bucket.Put(b.keys[i][:], value); err != nil {
			return err
		}
	}
	return nil
}

// writeBeside writes c to a temporary file beside path, whole and on disk, for install. What stands at path is untouched.
// The caller holds the lock of path.
func writeBeside(ctx context.Context, path string, c content) (temporary string, digest Digest, err error) {
	folder := filepath.Dir(path)
	if free, known := freeSpace(folder); known && free < c.size {
		return "", digest, fmt.Errorf("%s: %w: about %d bytes are needed, %d are free in %s; name a file elsewhere with --index",
			path, ErrNoSpace, c.size, free, folder)
	}
	temporary = temporaryOf(path)
	if digest, err = writeDatabase(ctx, temporary, c); err == nil {
		err = seal(temporary)
	}
	if err != nil {
		os.Remove(temporary)
	}
	if isFull(err) && !errors.Is(err, ErrNoSpace) {
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

const (
	// temporarySuffix ends the name of an index that is being written, <index>.<pid>.tmp.
	temporarySuffix = ".tmp"
	// spillInfix comes before it in the name of a spill, <index>.<pid>.spill.tmp.
	spillInfix = ".spill"
)

// temporaryOf returns the name of the file at path while this process writes it.
func temporaryOf(path string) string {
	return fmt.Sprintf("%s.%d%s", path, os.Getpid(), temporarySuffix)
}

// spillPath returns where what does not fit in memory goes: beside the index at path, or in folder where that is given.
func spillPath(path, folder string) string {
	if folder != "" {
		path = filepath.Join(folder, filepath.Base(path))
	}
	return fmt.Sprintf("%s.%d%s%s", path, os.Getpid(), spillInfix, temporarySuffix)
}

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
		process = strings.TrimSuffix(process, spillInfix)
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

// maxMapping bounds what is mapped before it is needed; bbolt maps in steps of this size from there on.
const maxMapping = 1 << 30

func writeDatabase(ctx context.Context, path string, c content) (digest Digest, err error) {
	db, err := bolt.Open(path, 0o644, &bolt.Options{
		Timeout: lockTimeout, PageSize: boltPageSize, NoStatistics: true,
		NoSync: true, NoGrowSync: true, NoFreelistSync: true,
		InitialMmapSize: int(min(c.size, maxMapping)), // growing later makes bbolt copy what it has in hand
	})
	if lacksLocks(err) {
		return digest, noLocks(path, err)
	}
	if err != nil {
		return digest, err
	}
	defer db.Close()
	file, err := os.Open(path)
	if err != nil {
		return digest, err
	}
	defer file.Close()
	if digest, err = putPages(ctx, db, c, file); err != nil {
		return digest, err
	}
	known, err := c.facts()
	if err != nil {
		return digest, err
	}
	known.digest = digest
	if err := putPairs(db, filepath.Dir(path), c, known); err != nil {
		return digest, err
	}
	// The same state once more, under the other meta page: now either opens the whole index.
	if err := db.Update(func(*bolt.Tx) error { return nil }); err != nil {
		return digest, err
	}
	return digest, db.Close()
}

// putPages fills the bucket length, while the pages of the next transactions are made and those of earlier ones, in file,
// go to disk.
func putPages(ctx context.Context, db *bolt.DB, c content, file *os.File) (Digest, error) {
	sum := newDigester(c.files)
	transactions := (c.pages.pages + pagesPerTransaction - 1) / pagesPerTransaction
	threads := max(1, c.pages.threads)
	err := inorder.Do(transactions, threads, make([]pageBatch, threads+1), func(b *pageBatch, number int64) {
		b.reset()
		first := number * pagesPerTransaction
		b.err = c.pages.fill(b, first, min(first+pagesPerTransaction, c.pages.pages))
	}, func(b *pageBatch, number int64) error {
		if number%transactionsPerWriteback == transactionsPerWriteback-1 {
			startWriteback(file)
			if c.written != nil {
				c.written(c.size/transactions*(number+1), c.size)
			}
		}
		if err := cmp.Or(context.Cause(ctx), b.err); err != nil {
			return err
		}
		if c.pages.take != nil {
			if err := c.pages.take(b); err != nil {
				return err
			}
		}
		return db.Update(func(tx *bolt.Tx) error { return b.put(tx, sum) })
	})
	return sum.digest(), err
}

func putPairs(db *bolt.DB, folder string, c content, known facts) error {
	mtime := map[string]string{}
	for i, file := range c.files {
		mtime[fileKey(folder, file.Path)] = string(c.recorded[i].encode())
	}
	meta := known.pairs()
	meta[factChecksum] = fmt.Sprint(pairsChecksum(meta, mtime))
	return db.Update(func(tx *bolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucketLength) // without records there is none yet
		return errors.Join(err, putBucket(tx, bucketMtime, mtime), putBucket(tx, bucketMeta, meta))
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
