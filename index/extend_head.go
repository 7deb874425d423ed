package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// headKey is less than the key of any page.
var headKey = []byte{0}

// extensionHead is the value under headKey of an extension's bucket. Integers are little-endian.
//
//	bytes     content
//	[0, 4)    CRC-32C over the bucket's name and bytes [4, end)
//	[4, 6)    version of the extension
//	[6, 14)   records of the index, uint64
//	[14, 22)  pages of the bucket, uint64
//	[22, 54)  digest of the index
//	[54, end) the extension's own
type extensionHead struct {
	records, pages int64
	digest         Digest
	own            []byte
}

const extensionHeadSize = 22 + len(Digest{})

func (h *extensionHead) encode(e *extension) []byte {
	text := binary.LittleEndian.AppendUint16(make([]byte, 4), e.version)
	text = binary.LittleEndian.AppendUint64(text, uint64(h.records))
	text = binary.LittleEndian.AppendUint64(text, uint64(h.pages))
	text = append(append(text, h.digest[:]...), h.own...)
	binary.LittleEndian.PutUint32(text, pageCRC(e.bucket, text))
	return text
}

// pageCRC is the checksum of an extension's page under its key; the page includes the four bytes of the checksum.
func pageCRC(key, page []byte) uint32 {
	return crc32.Update(crc32.Update(0, castagnoli, key), castagnoli, page[4:])
}

var errExtensionHead = errors.New("its head is damaged")

// decode reads the head and tells whether it is of the extension's version.
func (h *extensionHead) decode(e *extension, text []byte) (current bool, err error) {
	if len(text) < extensionHeadSize || binary.LittleEndian.Uint32(text) != pageCRC(e.bucket, text) {
		return false, errExtensionHead
	}
	h.records = int64(binary.LittleEndian.Uint64(text[6:]))
	h.pages = int64(binary.LittleEndian.Uint64(text[14:]))
	copy(h.digest[:], text[22:])
	h.own = append([]byte(nil), text[extensionHeadSize:]...)
	return binary.LittleEndian.Uint16(text[4:]) == e.version, nil
}

// extended returns the head of an extension, nil where the index does not have it, or in another version.
func (x *Index) extended(e *extension) (*extensionHead, error) {
	if x.db == nil {
		return nil, fmt.Errorf("%s: %w", x.path, ErrClosed)
	}
	var head *extensionHead
	err := guard(x.path, func() error {
		bucket := x.tx.Bucket(e.bucket)
		if bucket == nil {
			return nil
		}
		var found extensionHead
		current, err := found.decode(e, bucket.Get(headKey))
		if err == nil && current && (found.digest != x.Digest() || found.records != x.Len()) {
			err = errExtensionHead
		}
		if err != nil {
			return x.extensionCorrupt(e, err)
		}
		if current {
			head = &found
		}
		return nil
	})
	return head, err
}

func (x *Index) extensionCorrupt(e *extension, err error) error {
	return fmt.Errorf("%s: %w: %s: %w; remove the file, longfirst index builds it again", x.path, ErrCorrupt, e.what, err)
}
