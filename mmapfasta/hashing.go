package mmapfasta

import "github.com/zeebo/xxh3"

// Hashing computes the hash of Content over the bytes that are written to it, for content that is not read from a file.
type Hashing struct {
	sum   hasher
	chunk []byte // begun
	size  int64
}

// NewHashing begins with no bytes.
func NewHashing() *Hashing { return &Hashing{sum: newHasher()} }

// Write adds bytes. It does not fail.
func (h *Hashing) Write(p []byte) (int, error) {
	size := len(p)
	h.size += int64(size)
	for len(p) > 0 {
		if len(h.chunk) == 0 && len(p) >= chunkSize {
			h.sum.add(xxh3.Hash128(p[:chunkSize]).Bytes())
			p = p[chunkSize:]
			continue
		}
		n := min(chunkSize-len(h.chunk), len(p))
		h.chunk = append(h.chunk, p[:n]...)
		p = p[n:]
		if len(h.chunk) == chunkSize {
			h.sum.add(xxh3.Hash128(h.chunk).Bytes())
			h.chunk = h.chunk[:0]
		}
	}
	return size, nil
}

// Size returns the bytes written.
func (h *Hashing) Size() int64 { return h.size }

// Hash returns the hash of the bytes written. No more may be written after it.
func (h *Hashing) Hash() [16]byte {
	if len(h.chunk) > 0 {
		h.sum.add(xxh3.Hash128(h.chunk).Bytes())
		h.chunk = h.chunk[:0]
	}
	return h.sum.hash()
}
