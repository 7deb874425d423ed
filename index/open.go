package index

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// lockTimeout is how long Open waits for a program that has the file locked for writing. Nothing of ours ever has: an
// index is written under another name.
const lockTimeout = time.Second

// Index is an open index file. It is safe for concurrent use, except that Close must not run beside anything else. A
// file that is rebuilt meanwhile does not change what an open Index shows.
type Index struct {
	path     string // absolute
	size     int64  // bytes of the file
	facts    facts
	files    []FileInfo
	recorded []fileFact

	db    *bolt.DB
	tx    *bolt.Tx // the one read transaction of all cursors
	pages *bolt.Bucket

	texts *texts // of compressed files

	hash func(id []byte) uint64 // of the bucket names
}

// Open opens the index at path for reading.
//
// Errors: ErrNotIndex, ErrVersion, ErrCorrupt, ErrLocked, ErrNoLocks, and what opening a file gives (fs.ErrNotExist).
func Open(path string) (*Index, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	x := &Index{path: path, hash: hashID, texts: newTexts(Options{})}
	if err := guard(path, x.openDatabase); err != nil {
		return nil, err
	}
	// A panic in Begin leaves locks of the database taken, so that closing it would wait for ever: let it go instead.
	if err := guard(path, x.begin); err != nil {
		return nil, err
	}
	if err := guard(path, x.load); err != nil {
		x.Close()
		return nil, err
	}
	return x, nil
}

func (x *Index) openDatabase() (err error) {
	x.db, err = bolt.Open(x.path, 0, &bolt.Options{
		ReadOnly: true, Timeout: lockTimeout, PageSize: boltPageSize, NoStatistics: true, OpenFile: openChecked,
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("%s: %w; end that program or name another file with --index", x.path, ErrLocked)
	case lacksLocks(err):
		return noLocks(x.path, err)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return fmt.Errorf("%s: %w: %w", x.path, ErrCorrupt, err)
	}
	return err
}

// openChecked opens the file for bbolt. The file that passes is the very one that bbolt goes on to map, whatever is
// renamed over its path in between.
func openChecked(path string, flag int, mode fs.FileMode) (*os.File, error) {
	file, err := os.OpenFile(path, flag, mode)
	if err != nil {
		return nil, err
	}
	if err := preflight(file); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// lacksLocks tells whether a lock was refused because the file system has none.
func lacksLocks(err error) bool {
	return errors.Is(err, syscall.ENOLCK) || errors.Is(err, errors.ErrUnsupported)
}

func noLocks(path string, err error) error {
	return fmt.Errorf("%s: %w: %w; name a file on a local disk with --index", path, ErrNoLocks, err)
}

func (x *Index) begin() (err error) {
	x.tx, err = x.db.Begin(false)
	return err
}

// load reads the two small buckets.
func (x *Index) load() error {
	info, err := os.Stat(x.path)
	if err != nil {
		return err
	}
	x.size = info.Size()
	meta, mtime := x.tx.Bucket(bucketMeta), x.tx.Bucket(bucketMtime)
	x.pages = x.tx.Bucket(bucketLength)
	if meta == nil || mtime == nil || x.pages == nil {
		return fmt.Errorf("%s: %w: a bucket is missing", x.path, ErrCorrupt)
	}
	metaPairs, metaFits := readPairs(meta, x.size)
	if version := metaPairs[factVersion]; metaPairs[factFormat] == formatName && version != fmt.Sprint(FormatVersion) {
		remedy := "update longfirst or name another file"
		if have, err := strconv.Atoi(version); err == nil && have < FormatVersion {
			remedy = "build it again with longfirst index or name another file"
		}
		return fmt.Errorf("%s: %w: it has version %s, this program reads %d; %s with --index",
			x.path, ErrVersion, version, FormatVersion, remedy)
	}
	mtimePairs, mtimeFits := readPairs(mtime, x.size)
	if !metaFits || !mtimeFits || metaPairs[factChecksum] != fmt.Sprint(pairsChecksum(metaPairs, mtimePairs)) {
		return fmt.Errorf("%s: %w: its facts fail their checksum", x.path, ErrCorrupt)
	}
	if x.facts, err = parseFacts(metaPairs); err == nil {
		x.files, x.recorded, err = recordedFiles(filepath.Dir(x.path), mtimePairs, x.facts)
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %w", x.path, ErrCorrupt, err)
	}
	return nil
}

// Close ends the life of the index and of its iterators. A second Close does nothing.
func (x *Index) Close() error {
	x.texts.release()
	if x.db == nil {
		return nil
	}
	err := guard(x.path, func() error { return errors.Join(x.tx.Rollback(), x.db.Close()) })
	x.db, x.tx, x.pages = nil, nil, nil
	return err
}

// Path returns the absolute path of the index file.
func (x *Index) Path() string { return x.path }

// Files returns the FASTA files in the order of the list. It must not be changed.
func (x *Index) Files() []FileInfo { return x.files }

// Len returns the number of records.
func (x *Index) Len() int64 { return x.facts.records }

// Tokens returns the sum of the lengths of all records, in residues.
func (x *Index) Tokens() int64 { return x.facts.residues }

// Longest returns the residues of the longest record, 0 without records.
func (x *Index) Longest() int64 { return x.facts.longest }

// Duplicates returns the number of records whose id a record before them in file order has.
func (x *Index) Duplicates() int64 { return x.facts.duplicates }

// Digest returns the name of the content.
func (x *Index) Digest() Digest { return x.facts.digest }

// Created returns when the index was built, in whole seconds.
func (x *Index) Created() time.Time { return x.facts.created }

// Builder names the program that built the index.
func (x *Index) Builder() string { return x.facts.builder }

// Pages returns the number of pages of entries.
func (x *Index) Pages() int64 { return x.facts.pages }

// Size returns the bytes of the index file.
func (x *Index) Size() int64 { return x.size }
