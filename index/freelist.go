package index

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"os"
)

const boltFreelistFlag = 0x10

// knownFreelist gives a copied index, which was written without a list of its free pages, an empty list, as its last
// page. bbolt makes the list anew otherwise when it opens a file for writing: it then holds a note on every page in memory
// and looks at all of them, on a goroutine of its own, where a damaged page ends the program. What pages are free are some
// dozen that stay unused.
func knownFreelist(file *os.File) error {
	head := make([]byte, 2*boltPageSize)
	if _, err := file.ReadAt(head, 0); err != nil {
		return err
	}
	meta, err := readMeta(head)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", file.Name(), ErrCorrupt, err)
	}
	page := make([]byte, boltPageSize)
	binary.NativeEndian.PutUint64(page, meta.high)
	binary.NativeEndian.PutUint16(page[8:], boltFreelistFlag)
	if _, err := file.WriteAt(page, int64(meta.high)*boltPageSize); err != nil {
		return err
	}
	for _, meta := range [][]byte{head[boltHeaderSize:][:boltMetaSize], head[boltPageSize+boltHeaderSize:][:boltMetaSize]} {
		high := binary.NativeEndian.Uint64(meta[40:])
		binary.NativeEndian.PutUint64(meta[32:], high)
		binary.NativeEndian.PutUint64(meta[40:], high+1)
		sum := fnv.New64a()
		sum.Write(meta[:56])
		binary.NativeEndian.PutUint64(meta[56:], sum.Sum64())
	}
	_, err = file.WriteAt(head, 0)
	return err
}
