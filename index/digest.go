package index

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// digestLabel keeps digests apart from other uses of SHA-256 and from those of another rule.
const digestLabel = "longfirst index digest 3\n"

// digester computes a Digest: SHA-256 over the label, the number of files, size and hash of the text of each in order, then
// the checksum of each page's head and its table, in order, as they are stored. Integers are big-endian.
type digester struct{ sum hash.Hash }

func newDigester(files []FileInfo) digester {
	d := digester{sha256.New()}
	d.sum.Write([]byte(digestLabel))
	d.sum.Write(binary.BigEndian.AppendUint64(nil, uint64(len(files))))
	for _, f := range files {
		d.sum.Write(binary.BigEndian.AppendUint64(nil, uint64(f.TextSize)))
		d.sum.Write(f.Hash[:])
	}
	return d
}

// page adds the next page, as it is stored.
func (d digester) page(value []byte) {
	count := int64(binary.LittleEndian.Uint32(value[8:]))
	d.sum.Write(value[:checksumSize])
	d.sum.Write(value[pageTableAt:][:count*(checksumSize+int64(value[12]))])
}

func (d digester) digest() (digest Digest) {
	d.sum.Sum(digest[:0])
	return digest
}
