package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// What bbolt writes at the start of a file: two meta pages, each a page header of 16 bytes and then magic, version,
// page size, flags (uint32), root page, root sequence, freelist page, high-water page, transaction (uint64) and an
// FNV-64a checksum of the bytes since magic, in the machine's byte order.
const (
	boltPageSize   = 4096
	boltHeaderSize = 16
	boltMetaSize   = 64
	boltMagic      = 0xED0CDAED
	boltVersion    = 2
)

// mark stands behind the first meta page's own bytes, which bbolt leaves unused.
const (
	mark       = "\nlongfirst index\n"
	markOffset = boltHeaderSize + boltMetaSize
)

// boltMeta is what matters of a meta page. Pages below high belong to the file.
type boltMeta struct{ root, high uint64 }

// preflight reads the file as far as bbolt would trust it blindly, before it is mapped: identity, size, both meta pages
// and the branch pages of all buckets.
func preflight(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		return fmt.Errorf("%s: %w: it is a directory", file.Name(), ErrNotIndex)
	}
	head := make([]byte, 2*boltPageSize)
	n, err := file.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return fmt.Errorf("%s: %w", file.Name(), err)
	}
	head = head[:n]
	if !isOurs(head) {
		return fmt.Errorf("%s: %w", file.Name(), ErrNotIndex)
	}
	if err := checkFile(file, head, info.Size()); err != nil {
		return fmt.Errorf("%s: %w: %w", file.Name(), ErrCorrupt, err)
	}
	return nil
}

// isOurs tells whether head starts a longfirst index, whole or not. Of a file too short for the mark this much is asked:
// it must be empty or start as all of ours do.
func isOurs(head []byte) bool {
	if len(head) >= markOffset+len(mark) {
		return string(head[markOffset:][:len(mark)]) == mark
	}
	start := make([]byte, boltHeaderSize+12)
	binary.NativeEndian.PutUint16(start[8:], boltMetaFlag)
	binary.NativeEndian.PutUint32(start[boltHeaderSize:], boltMagic)
	binary.NativeEndian.PutUint32(start[boltHeaderSize+4:], boltVersion)
	binary.NativeEndian.PutUint32(start[boltHeaderSize+8:], boltPageSize)
	return bytes.HasPrefix(head, start[:min(len(head), len(start))])
}

func checkFile(file io.ReaderAt, head []byte, size int64) error {
	if size == 0 {
		return errors.New("the file is empty")
	}
	if len(head) < 2*boltPageSize {
		return fmt.Errorf("the file is cut short to %d bytes", size)
	}
	first, err := readMeta(head)
	if err != nil {
		return fmt.Errorf("meta page 0: %w", err)
	}
	second, err := readMeta(head[boltPageSize:])
	if err != nil {
		return fmt.Errorf("meta page 1: %w", err)
	}
	if first != second {
		return errors.New("its writing was not completed")
	}
	if first.high > uint64(size)/boltPageSize {
		return fmt.Errorf("the file is cut short: %d bytes of at least %d", size, first.high*boltPageSize)
	}
	return checkTrees(file, first)
}

func readMeta(page []byte) (boltMeta, error) {
	meta := page[boltHeaderSize:][:boltMetaSize]
	sum := fnv.New64a()
	sum.Write(meta[:56])
	switch {
	case binary.NativeEndian.Uint32(meta) != boltMagic:
		return boltMeta{}, errors.New("no bbolt magic")
	case binary.NativeEndian.Uint32(meta[4:]) != boltVersion:
		return boltMeta{}, fmt.Errorf("bbolt version %d, not %d", binary.NativeEndian.Uint32(meta[4:]), boltVersion)
	case binary.NativeEndian.Uint32(meta[8:]) != boltPageSize:
		return boltMeta{}, fmt.Errorf("page size %d, not %d", binary.NativeEndian.Uint32(meta[8:]), boltPageSize)
	case binary.NativeEndian.Uint64(meta[56:]) != sum.Sum64():
		return boltMeta{}, errors.New("checksum does not match")
	}
	return boltMeta{root: binary.NativeEndian.Uint64(meta[16:]), high: binary.NativeEndian.Uint64(meta[40:])}, nil
}
