package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

// extension is a bucket that an index gets when somebody first asks for what it holds, and that a rebuilt index does not
// have until asked again. Its pages are its own, its head, under the least key, is alike in all: see extensionHead.
type extension struct {
	bucket  []byte
	version uint16
	what    string               // in messages
	size    func(x *Index) int64 // bytes expected, rather more than less
	fill    func(ctx context.Context, x *Index, r resources, put putFunc) (own []byte, err error)
}

// putFunc takes the next page of a bucket; keys ascend. Both slices are the caller's again when it returns.
type putFunc func(key, value []byte) error

// extend gives the index that x has open a bucket and returns it open anew, instead of x, which is closed. An index that
// has the bucket is returned as it is.
//
// The file is never changed in place: under the builder's lock it is copied beside itself, where the file system can
// without copying a byte, the copy gets the bucket, is brought to disk and renamed. Whoever has the old file open keeps
// it. Where the folder or the disk does not allow that, x goes on without the bucket, which the log says.
func extend(ctx context.Context, x *Index, opt Options, e *extension) (*Index, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if head, err := x.extended(e); err == nil && head != nil {
		return x, nil
	}
	fresh, err := extendLocked(ctx, x, opt, e)
	if err == nil {
		return fresh, nil
	}
	if fresh == nil || ctx.Err() != nil || errors.Is(err, ErrCorrupt) || errors.Is(err, ErrMismatch) {
		return nil, errors.Join(err, closed(fresh))
	}
	opt.Log.Warn("The index can't keep its "+e.what+", which are made each time: "+err.Error(), "path", fresh.path)
	return fresh, nil
}

// extendLocked returns an index that is open in any case but where there is none any more; it has the bucket unless there
// is an error.
func extendLocked(ctx context.Context, x *Index, opt Options, e *extension) (*Index, error) {
	unlock, err := lock(ctx, x.path, func() {
		opt.Log.Info("Waiting for another process that writes the index", "path", x.path)
	})
	if err != nil {
		return x, err
	}
	defer unlock()
	// Another process may have written the file since it was opened.
	path := x.path
	if err := closed(x); err != nil {
		return nil, err
	}
	if x, err = Open(path); err != nil {
		return nil, err
	}
	if head, err := x.extended(e); err == nil && head != nil {
		return x, nil
	}
	opt.Log.Info("Adding "+e.what+" to the index, once", "path", path)
	sweep(path)
	temporary, err := writeExtended(ctx, x, opt, e)
	if err != nil {
		return x, err
	}
	if err := closed(x); err != nil { // Windows renames over no open file
		os.Remove(temporary)
		return nil, err
	}
	err = install(temporary, path)
	x, openErr := Open(path)
	return x, cmp.Or(openErr, err)
}

// writeExtended writes the index with the bucket to a temporary file beside it, for install.
func writeExtended(ctx context.Context, x *Index, opt Options, e *extension) (temporary string, err error) {
	folder := filepath.Dir(x.path)
	need := x.size + e.size(x)
	if free, known := freeSpace(folder); known && free < need {
		return "", fmt.Errorf("%w: about %d bytes are needed, %d are free in %s", ErrNoSpace, need, free, folder)
	}
	temporary = fmt.Sprintf("%s.%d%s", x.path, os.Getpid(), temporarySuffix)
	if err = copyDatabase(ctx, x.path, temporary); err == nil {
		err = guard(temporary, func() error { return addBucket(ctx, x, temporary, need, opt, e) })
	}
	if err == nil {
		err = seal(temporary)
	}
	if err != nil {
		os.Remove(temporary)
	}
	if isFull(err) && !errors.Is(err, ErrNoSpace) {
		err = fmt.Errorf("%w: %w", ErrNoSpace, err)
	}
	return temporary, err
}

// copyStep is how much is copied between two looks at the context.
const copyStep = 256 << 20

// copyDatabase copies an index file, by the system's means where it has some, and tells bbolt that it has no free pages.
func copyDatabase(ctx context.Context, from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	for err == nil {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		_, err = io.CopyN(out, in, copyStep)
	}
	if err != io.EOF {
		return err
	}
	if err := knownFreelist(out); err != nil {
		return err
	}
	return out.Close()
}

func addBucket(ctx context.Context, x *Index, path string, size int64, opt Options, e *extension) (err error) {
	db, err := bolt.Open(path, 0, &bolt.Options{
		Timeout: lockTimeout, PageSize: boltPageSize, NoStatistics: true,
		NoSync: true, NoGrowSync: true, NoFreelistSync: true, InitialMmapSize: int(min(size, maxMapping)),
		OpenFile: func(path string, flag int, mode fs.FileMode) (*os.File, error) {
			return os.OpenFile(path, flag&^os.O_CREATE, mode)
		},
	})
	if err != nil {
		return err
	}
	defer db.Close()
	w := &bucketWriter{db: db, name: e.bucket}
	if err := w.clear(); err != nil {
		return err
	}
	head := extensionHead{records: x.Len(), digest: x.Digest()}
	put := func(key, value []byte) error {
		head.pages++
		return w.put(ctx, key, value)
	}
	if head.own, err = e.fill(ctx, x, opt.resourcesBeside(x.path), put); err != nil {
		return err
	}
	if err := w.put(ctx, headKey, head.encode(e)); err != nil {
		return err
	}
	if err := w.flush(); err != nil {
		return err
	}
	// The same state once more, under the other meta page: now either opens the whole index.
	if err := db.Update(func(*bolt.Tx) error { return nil }); err != nil {
		return err
	}
	return db.Close()
}

// resourcesBeside are what a build of the index at path may use.
func (o *Options) resourcesBeside(path string) resources {
	return resources{
		memory: cmp.Or(max(o.Memory, 0), DefaultMemory), threads: threadsOf(o.Threads),
		spill: spillPath(path, o.Temp), progress: o.Progress,
	}
}
