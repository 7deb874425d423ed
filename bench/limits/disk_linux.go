package limits

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// openUncached opens a file whose content is on the disk so that reads do not come from the page cache, and says how.
// Errors: ErrUncached where the file system offers no such way.
func openUncached(path string, buffer []byte) (*os.File, string, error) {
	direct, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECT, 0)
	if err == nil {
		if _, err = direct.ReadAt(buffer, 0); err == nil {
			return direct, "O_DIRECT", nil
		}
		err = errors.Join(err, direct.Close())
	}
	file, opened := os.Open(path)
	if opened != nil {
		return nil, "", opened
	}
	if evict(file, 0, int64(len(buffer))); resident(file, len(buffer)) {
		return nil, "", errors.Join(fmt.Errorf("%w: no O_DIRECT (%w), and pages stay in memory after fadvise DONTNEED, as on tmpfs", ErrUncached, err), file.Close())
	}
	return file, "fadvise DONTNEED", nil
}

// evict drops bytes of a file from the page cache, as far as they are on the disk.
func evict(file *os.File, offset, n int64) {
	unix.Fadvise(int(file.Fd()), offset, n, unix.FADV_DONTNEED) // advice: resident tells what became of it
}

// resident tells whether a page among the first n bytes of a file is in the page cache, or can't be asked for.
func resident(file *os.File, n int) bool {
	view, err := unix.Mmap(int(file.Fd()), 0, n, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return true
	}
	defer unix.Munmap(view)
	pages := make([]byte, (n+os.Getpagesize()-1)/os.Getpagesize())
	if err := mincore(view, pages); err != nil {
		return true
	}
	for _, p := range pages {
		if p&1 != 0 {
			return true
		}
	}
	return false
}
