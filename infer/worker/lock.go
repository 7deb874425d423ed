package worker

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gofrs/flock"

	"longfirst/infer/output"
)

// lockRanks makes this the only supervisor of the ranks on machines that share locks. The parts stay right without it,
// since they are renamed into place whole; the lock keeps two runs from doing the same work. A file system without locks
// is used without.
func lockRanks(dir output.Dir, ranks []int, log *slog.Logger) (unlock func(), err error) {
	var held []*flock.Flock
	unlock = func() {
		for _, l := range held {
			os.Remove(l.Path())
			l.Unlock()
		}
	}
	for _, rank := range ranks {
		l := flock.New(filepath.Join(dir.Tmp(), fmt.Sprintf("rank-%05d.lock", rank)))
		got, err := tryLock(l)
		if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.ENOLCK) { // Lustre without flock, NFS without a lock daemon
			l.Close()
			os.Remove(l.Path())
			log.Warn("this file system has no locks: make sure that no other run writes the same ranks", "out", string(dir))
			return unlock, nil
		}
		if err != nil {
			unlock()
			return nil, err
		}
		if !got {
			unlock()
			return nil, fmt.Errorf("%s: %w: rank %d is locked by %s", string(dir), ErrBusy, rank, l.Path())
		}
		held = append(held, l)
	}
	return unlock, nil
}

// tryLock locks a file that is still the one of its name: the holder of a lock removes the file before it lets go, and
// whoever opened it before then would hold a lock nobody else sees.
func tryLock(l *flock.Flock) (bool, error) {
	for {
		got, err := l.TryLock()
		if !got || err != nil {
			return got, err
		}
		held, err := l.Stat()
		if err != nil {
			return false, err
		}
		named, err := os.Stat(l.Path())
		if err == nil && os.SameFile(held, named) {
			return true, nil
		}
		if err := l.Close(); err != nil {
			return false, err
		}
	}
}
