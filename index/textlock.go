package index

import (
	"context"
	"os"
	"time"

	"github.com/gofrs/flock"
)

// lockShared locks the file at path for reading, so that nobody takes it for unused. Where the file system has no locks
// it is read without one: there nothing is ever removed.
func lockShared(ctx context.Context, path string) (unlock func(), err error) {
	for {
		held := flock.New(path, flock.SetFlag(os.O_RDONLY))
		ok, err := held.TryRLock()
		switch {
		case lacksLocks(err):
			return func() {}, nil
		case err != nil:
			return nil, err
		case ok && isAt(held, path):
			return func() { held.Unlock() }, nil
		case ok: // another file took its place, or it was removed
			held.Unlock()
			if _, err := os.Stat(path); err != nil {
				return nil, err
			}
			continue
		}
		select { // somebody looks whether it is used
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(lockPoll):
		}
	}
}

// lockUnused locks the file at path for removal, for release. It returns nothing where somebody uses the file, or that
// cannot be known.
func lockUnused(path string) *flock.Flock {
	held := flock.New(path, flock.SetFlag(os.O_RDONLY))
	if ok, err := held.TryLock(); !ok || err != nil {
		return nil
	}
	return held
}
