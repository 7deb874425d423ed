package output

import (
	"io"
	"os"
)

// disk is the file system as it is written to. Tests replace it by one whose power is cut.
var disk fileSystem = osDisk{}

// fileSystem is what writing a data set so that it survives a power cut needs: what is not synced may be lost, or done
// while something done before is not.
type fileSystem interface {
	// Create creates a file that must not exist.
	Create(path string) (diskFile, error)
	Rename(from, to string) error
	Link(from, to string) error
	Remove(path string) error
	// SyncDir makes what was done to the names in a folder durable.
	SyncDir(path string) error
}

type diskFile interface {
	io.Writer
	io.ReaderAt
	io.WriterAt
	io.Closer
	Name() string
	Sync() error
}

type osDisk struct{}

func (osDisk) Create(path string) (diskFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (osDisk) Rename(from, to string) error { return os.Rename(from, to) }
func (osDisk) Link(from, to string) error   { return os.Link(from, to) }
func (osDisk) Remove(path string) error     { return os.Remove(path) }
func (osDisk) SyncDir(path string) error    { return syncDir(path) }
