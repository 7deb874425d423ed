package index

import (
	"os"

	"golang.org/x/sys/unix"
)

// startWriteback lets the system begin to bring to disk what was written to a file, so that there is little left to wait
// for at its end. It is a hint.
func startWriteback(file *os.File) {
	_ = unix.SyncFileRange(int(file.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WRITE)
}
