package index

import "encoding/binary"

const keySize = 16

// pageKey is the key of the page whose first record has the given length and position.
func pageKey(length, position int64) [keySize]byte {
	var key [keySize]byte
	binary.BigEndian.PutUint64(key[:8], ^uint64(length))
	binary.BigEndian.PutUint64(key[8:], uint64(position))
	return key
}

// splitKey returns length and position of a page's first record, false for bytes that are no key.
func splitKey(key []byte) (length, position int64, ok bool) {
	if len(key) != keySize {
		return 0, 0, false
	}
	length = int64(^binary.BigEndian.Uint64(key[:8]))
	position = int64(binary.BigEndian.Uint64(key[8:]))
	return length, position, length >= 0 && position >= 0
}
