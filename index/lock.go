package index

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/gofrs/flock"
)

// lockPoll is how often a waiting process looks whether the lock is free.
const lockPoll = 50 * time.Millisecond

// lock takes the lock that makes a process the only one to write the index at path, the file <path>.lock. It waits for
// whoever has it and calls waiting once when it has to.
func lock(ctx context.Context, path string, waiting func()) (unlock func(), err error) {
	unlock, err = takeLock(ctx, path+lockSuffix, waiting)
	switch {
	case err == nil || ctx.Err() != nil:
		return unlock, err
	case lacksLocks(err):
		return nil, noLocks(path, err)
	}
	return nil, fmt.Errorf("%s: the index cannot be written here: %w; name a file elsewhere with --index", path, err)
}

// lockSuffix ends the name of the file whose lock goes with another file.
const lockSuffix = ".lock"

// takeLock takes the lock of a file of this name, which is made. It waits for whoever has it.
//
// The file is removed by its holder. A process that waited on a file meanwhile removed then holds a lock that nobody
// else sees, so it compares the file it has with the file of that name and starts over where they differ.
func takeLock(ctx context.Context, name string, waiting func()) (unlock func(), err error) {
	waited := false
	for {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		if unlock, err = tryLock(name); unlock != nil || err != nil {
			return unlock, err
		}
		if !waited {
			waited = true
			waiting()
		}
		select {
		case <-ctx.Done():
		case <-time.After(lockPoll):
		}
	}
}

// tryLock takes the lock, or returns nothing where somebody else has it.
func tryLock(name string) (unlock func(), err error) {
	for {
		held := flock.New(name, flock.SetPermissions(0o644))
		ok, err := held.TryLock()
		switch {
		case err != nil || !ok:
			return nil, err
		case isAt(held, name):
			return func() { release(held, name) }, nil
		}
		held.Unlock()
	}
}

// isAt tells whether the file locked is still the file of that name.
func isAt(held *flock.Flock, name string) bool {
	mine, err := held.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(name)
	return err == nil && os.SameFile(mine, now)
}

func release(held *flock.Flock, name string) {
	if runtime.GOOS == "windows" { // where an open file cannot be removed
		held.Unlock()
		os.Remove(name)
		return
	}
	os.Remove(name)
	held.Unlock()
}

// sweepLock removes the lock file of an index if nobody holds it: what a builder leaves that was killed between its last
// rename and its end.
func sweepLock(path string) {
	if _, err := os.Lstat(path + lockSuffix); err != nil {
		return
	}
	if unlock, err := tryLock(path + lockSuffix); err == nil && unlock != nil {
		unlock()
	}
}

// inUse tells whether another process has the file at path locked.
func inUse(path string) bool {
	probe := flock.New(path, flock.SetFlag(os.O_RDONLY))
	ok, err := probe.TryLock()
	if ok {
		probe.Unlock()
	}
	return !ok || err != nil
}
