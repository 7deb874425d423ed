package index

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// freeSpace returns the bytes that may be written in a folder, false where that is not known.
func freeSpace(folder string) (int64, bool) {
	path, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return 0, false
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, nil, nil); err != nil {
		return 0, false
	}
	return int64(free), true
}

// writable tells whether files can be made in a folder, by making one: access lists are not to be read otherwise.
func writable(folder string) bool {
	file, err := os.CreateTemp(folder, ".longfirst-*"+temporarySuffix)
	if err != nil {
		return false
	}
	file.Close()
	return os.Remove(file.Name()) == nil
}

// syncFolder does nothing: Windows has no such call and journals renames.
func syncFolder(string) error { return nil }

// isFull tells whether a write failed because the disk has no room.
func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}
