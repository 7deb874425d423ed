package index

import (
	"encoding/binary"
	"fmt"
	"io"
)

// bbolt follows page numbers without looking: a flipped bit in a branch page can send it around a circle until the
// stack overflows, which no Go program survives. The trees are therefore walked here first, with plain reads. The leaves
// of the bucket length, most of the file, are not read: what bbolt makes of a damaged leaf is a panic, a fault or a
// page that fails its checksum, and those are caught.

const (
	boltBranchFlag = 0x01
	boltLeafFlag   = 0x02
	boltMetaFlag   = 0x04

	// maxOverflow bounds what is read of one page. The leaf of buckets and the branch pages, whose longest keys are paths,
	// stay far below it.
	maxOverflow = 64

	boltElementSize = 16 // leaf: flags, pos, ksize, vsize uint32; branch: pos, ksize uint32, page uint64
	boltBucketSize  = 16 // root page, sequence uint64; root page 0: the bucket's only page follows
)

// treeReader reads pages below high. seen holds the pages of the trees walked so far.
type treeReader struct {
	file io.ReaderAt
	high uint64
	seen map[uint64]bool
}

// checkTrees walks the tree of buckets, which is one leaf in our files, and the tree of every bucket.
func checkTrees(file io.ReaderAt, meta boltMeta) error {
	r := treeReader{file: file, high: meta.high, seen: map[uint64]bool{}}
	page, err := r.readWhole(meta.root)
	if err != nil {
		return err
	}
	if boltFlags(page) != boltLeafFlag {
		return fmt.Errorf("page %d: not the leaf of buckets", meta.root)
	}
	buckets, err := leafValues(page)
	if err != nil {
		return fmt.Errorf("page %d: %w", meta.root, err)
	}
	for _, bucket := range buckets {
		if len(bucket) < boltBucketSize {
			return fmt.Errorf("page %d: a bucket of %d bytes", meta.root, len(bucket))
		}
		if root := binary.NativeEndian.Uint64(bucket); root != 0 {
			err = r.walk(root)
		} else {
			err = checkInline(bucket[boltBucketSize:])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// walk follows the tree at root level by level. All leaves of a bbolt tree are on the same level, so one leaf tells
// that the level needs no further reading.
func (r *treeReader) walk(root uint64) error {
	level := []uint64{root}
	if r.seen[root] {
		return fmt.Errorf("page %d: reached twice", root)
	}
	r.seen[root] = true
	for {
		var next []uint64
		for i, id := range level {
			page, err := r.read(id)
			if err != nil {
				return err
			}
			if flags := boltFlags(page); flags == boltLeafFlag && i == 0 {
				return nil
			} else if flags != boltBranchFlag {
				return fmt.Errorf("page %d: flags %#x are not those of a branch", id, flags)
			}
			if page, err = r.readWhole(id); err != nil {
				return err
			}
			if next, err = r.children(next, id, page); err != nil {
				return err
			}
		}
		level = next
	}
}

// children appends the pages that a branch page points to.
func (r *treeReader) children(dst []uint64, id uint64, page []byte) ([]uint64, error) {
	count := boltCount(page)
	if count == 0 || boltHeaderSize+count*boltElementSize > len(page) {
		return nil, fmt.Errorf("page %d: impossible count %d", id, count)
	}
	for i := range count {
		start := boltHeaderSize + i*boltElementSize
		element := page[start:]
		position, keySize := binary.NativeEndian.Uint32(element), binary.NativeEndian.Uint32(element[4:])
		child := binary.NativeEndian.Uint64(element[8:])
		if uint64(start)+uint64(position)+uint64(keySize) > uint64(len(page)) {
			return nil, fmt.Errorf("page %d: key %d lies outside the page", id, i)
		}
		if child < 2 || child >= r.high || r.seen[child] {
			return nil, fmt.Errorf("page %d: points to page %d, reached before or outside the file", id, child)
		}
		r.seen[child] = true
		dst = append(dst, child)
	}
	return dst, nil
}

// read returns the first 4096 bytes of a page, which of a leaf in a bucket's tree are all that is wanted.
func (r *treeReader) read(id uint64) ([]byte, error) {
	if id < 2 || id >= r.high {
		return nil, fmt.Errorf("page %d lies outside the file", id)
	}
	page := make([]byte, boltPageSize)
	if _, err := r.file.ReadAt(page, int64(id)*boltPageSize); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	overflow := uint64(binary.NativeEndian.Uint32(page[12:]))
	if own := binary.NativeEndian.Uint64(page); own != id || overflow >= r.high-id {
		return nil, fmt.Errorf("page %d: calls itself %d, with %d overflow pages", id, own, overflow)
	}
	return page, nil
}

// readWhole returns a page with its overflow pages.
func (r *treeReader) readWhole(id uint64) ([]byte, error) {
	page, err := r.read(id)
	if err != nil {
		return nil, err
	}
	overflow := binary.NativeEndian.Uint32(page[12:])
	if overflow == 0 {
		return page, nil
	}
	if overflow > maxOverflow {
		return nil, fmt.Errorf("page %d: %d overflow pages", id, overflow)
	}
	page = make([]byte, (1+overflow)*boltPageSize)
	if _, err := r.file.ReadAt(page, int64(id)*boltPageSize); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	return page, nil
}

func checkInline(page []byte) error {
	if len(page) < boltHeaderSize || boltFlags(page) != boltLeafFlag {
		return fmt.Errorf("an inline bucket of %d bytes is no leaf", len(page))
	}
	_, err := leafValues(page)
	return err
}

// leafValues returns the values of a leaf page.
func leafValues(page []byte) ([][]byte, error) {
	count := boltCount(page)
	if boltHeaderSize+count*boltElementSize > len(page) {
		return nil, fmt.Errorf("impossible count %d", count)
	}
	values := make([][]byte, count)
	for i := range values {
		start := uint64(boltHeaderSize + i*boltElementSize)
		element := page[start:]
		keyStart := start + uint64(binary.NativeEndian.Uint32(element[4:]))
		valueStart := keyStart + uint64(binary.NativeEndian.Uint32(element[8:]))
		valueEnd := valueStart + uint64(binary.NativeEndian.Uint32(element[12:]))
		if valueEnd > uint64(len(page)) {
			return nil, fmt.Errorf("element %d lies outside the page", i)
		}
		values[i] = page[valueStart:valueEnd]
	}
	return values, nil
}

func boltFlags(page []byte) uint16 { return binary.NativeEndian.Uint16(page[8:]) }

func boltCount(page []byte) int { return int(binary.NativeEndian.Uint16(page[10:])) }
