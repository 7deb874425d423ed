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
//
// The file is removed by its holder. A process that waited on a file meanwhile removed then holds a lock that nobody
// else sees, so it compares the file it has with the file of that name and starts over where they differ.
func lock(ctx context.Context, path string, waiting func()) (unlock func(), err error) {
	name := path + ".lock"
	waited := false
	for {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		held := flock.New(name, flock.SetPermissions(0o644))
		ok, err := held.TryLock()
		switch {
		case lacksLocks(err):
			return nil, noLocks(path, err)
		case err != nil:
			return nil, fmt.Errorf("%s: the index cannot be written here: %w; name a file elsewhere with --index", path, err)
		case ok && isAt(held, name):
			return func() { release(held, name) }, nil
		case ok:
			held.Unlock()
			continue
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

// inUse tells whether another process has the file at path locked.
func inUse(path string) bool {
	probe := flock.New(path, flock.SetFlag(os.O_RDONLY))
	ok, err := probe.TryLock()
	if ok {
		probe.Unlock()
	}
	return !ok || err != nil
}
