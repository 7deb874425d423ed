package hub

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
)

// newDigest returns the hash whose hexadecimal form digest is, begun for a content of that size; nil where there is none
// of that length.
func newDigest(digest string, size int64) hash.Hash {
	if _, err := hex.DecodeString(digest); err != nil {
		return nil
	}
	switch len(digest) {
	case 2 * sha256.Size:
		return sha256.New()
	case 2 * sha1.Size: // a git blob: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
		h := sha1.New()
		fmt.Fprintf(h, "blob %d\x00", size)
		return h
	}
	return nil
}
