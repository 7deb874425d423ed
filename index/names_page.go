package index

import (
	"encoding/binary"
	"math"
	"math/bits"
	"sort"
)

// A page of names holds hashes and positions of records, sorted by hash, then position. Its key is the hash of its last
// record and the number of the page, two big-endian uint64, so that a seek to (hash, 0) finds the first page that can
// hold the hash; the last page's key has the largest hash there is, whatever its last record has. A page says where the
// one before it ended: that a hash is not in the index is thereby known from one page, and a page that is missing is
// noticed. Integers are little-endian.
//
//	bytes            content
//	[0, 4)           CRC-32C over the key and bytes [4, end)
//	[4, 5)           bytes of a position, w
//	[5, 6)           shift s
//	[6, 8)           number of records n, at least 1
//	[8, 16)          low: hash of the key of the page before, 0 in page 0
//	[16, 16+4n)      per record (hash - low) >> s, uint32
//	[.., 16+(4+w)n)  per record its position, w bytes
//
// The shift is such that no record's hash takes more than 32 bits: some records of a page may look alike, and be it that
// they have one hash, and what is found is compared with the entry anyway.
type namePage struct {
	low, last uint64
	number    int64
	shift     uint
	width     int64
	count     int
	content   []byte // a copy, and slack
}

const (
	namePageHead = 16
	fragmentSize = 4
	// namePageSize is that of two pages which with bbolt's own bytes fill four pages of the file.
	namePageSize = (4*boltPageSize-boltHeaderSize)/2 - boltElementSize - keySize
)

// positionWidth is the bytes that the largest position takes, at least one.
func positionWidth(records int64) int { return max(1, (bits.Len64(uint64(max(records, 1)-1))+7)/8) }

// namesPerPage is the number of records in every page but the last.
func namesPerPage(width int) int { return (namePageSize - namePageHead) / (fragmentSize + width) }

func nameKey(hash uint64, number int64) [keySize]byte {
	var key [keySize]byte
	binary.BigEndian.PutUint64(key[:8], hash)
	binary.BigEndian.PutUint64(key[8:], uint64(number))
	return key
}

// appendNamePage appends the page of the names, which lie behind low and up to the hash of the key.
func appendNamePage(dst []byte, key [keySize]byte, low uint64, width int, names []name) []byte {
	begin := len(dst)
	last := binary.BigEndian.Uint64(key[:])
	shift := max(0, bits.Len64(last-low)-32)
	dst = append(dst, 0, 0, 0, 0, byte(width), byte(shift))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(names)))
	dst = binary.LittleEndian.AppendUint64(dst, low)
	for _, n := range names {
		dst = binary.LittleEndian.AppendUint32(dst, uint32((n.hash-low)>>shift))
	}
	for _, n := range names {
		for i := range width {
			dst = append(dst, byte(n.position>>(8*i)))
		}
	}
	binary.LittleEndian.PutUint32(dst[begin:], pageCRC(key[:], dst[begin:]))
	return dst
}

// decode takes over a copy of key and value, which it checks.
func (p *namePage) decode(key, value []byte) error {
	if len(key) != keySize {
		return errPageKey
	}
	if len(value) < namePageHead || len(value) > namePageSize {
		return errPageShort
	}
	if cap(p.content) < namePageSize+slack {
		p.content = make([]byte, namePageSize+slack)
	}
	p.content = p.content[:copy(p.content[:namePageSize], value)]
	if binary.LittleEndian.Uint32(p.content) != pageCRC(key, p.content) {
		return errPageCRC
	}
	p.last, p.number = binary.BigEndian.Uint64(key), int64(binary.BigEndian.Uint64(key[8:]))
	p.width, p.shift = int64(p.content[4]), uint(p.content[5])
	p.count = int(binary.LittleEndian.Uint16(p.content[6:]))
	p.low = binary.LittleEndian.Uint64(p.content[8:])
	if p.count == 0 || p.width < 1 || p.width > 8 || p.shift > 32 || p.low > p.last ||
		int64(len(p.content)) != namePageHead+int64(p.count)*(fragmentSize+p.width) {
		return errPageShape
	}
	return nil
}

// covers tells whether the page is the first one that may hold a hash.
func (p *namePage) covers(hash uint64) bool {
	return hash <= p.last && (hash > p.low || p.number == 0)
}

func (p *namePage) fragment(i int) uint32 {
	return binary.LittleEndian.Uint32(p.content[namePageHead+fragmentSize*i:])
}

// position of record i.
func (p *namePage) position(i int) int64 {
	start := namePageHead + fragmentSize*int64(p.count) + p.width*int64(i)
	content := p.content[:len(p.content)+slack]
	return int64(binary.LittleEndian.Uint64(content[start:]) & (math.MaxUint64 >> (64 - 8*p.width)))
}

// find returns the records [first, end) that may have a hash, and whether a next page may go on with it.
func (p *namePage) find(hash uint64) (first, end int, more bool) {
	if hash < p.low || hash > p.last {
		return 0, 0, false
	}
	wanted := uint32((hash - p.low) >> p.shift)
	first = sort.Search(p.count, func(i int) bool { return p.fragment(i) >= wanted })
	for end = first; end < p.count && p.fragment(end) == wanted; end++ {
	}
	return first, end, hash == p.last
}
