package workloads

import (
	"os"

	"golang.org/x/sys/unix"
)

// canEvict tells whether evict works on this system.
const canEvict = true

// evict takes a file out of the page cache. Nothing may have it mapped.
func evict(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.Sync(); err != nil { // what is not on disk stays
		return err
	}
	return unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED)
}
