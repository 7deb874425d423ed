package infer

import (
	"crypto/md5"
	"encoding/hex"
	"hash"

	"longfirst/mmapfasta"
)

// residueDigest computes the MD5 of a record's residues, upper-cased and without white space: the checksum sequence
// databases publish for a protein.
type residueDigest struct {
	hash  hash.Hash
	upper []byte
}

// append appends the digest of a record's body in hex.
func (d *residueDigest) append(dst, body []byte) []byte {
	if d.hash == nil {
		d.hash = md5.New()
	}
	d.upper = mmapfasta.AppendResidues(d.upper[:0], body)
	for i, c := range d.upper {
		if 'a' <= c && c <= 'z' {
			d.upper[i] = c - ('a' - 'A')
		}
	}
	d.hash.Reset()
	d.hash.Write(d.upper)
	var sum [md5.Size]byte
	return hex.AppendEncode(dst, d.hash.Sum(sum[:0]))
}
