package index

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// mountSmall mounts an empty file system of size bytes.
func mountSmall(folder string, size int) error {
	return unix.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%d", size))
}
