package index

import (
	"encoding/binary"
)

// A page of the bucket classes holds the counts of records that follow each other in file order; its key is the ordinal
// of the first, big-endian uint64. Nearly all counts are 0, so of each class the others only are listed. Integers are
// little-endian.
//
//	bytes       content
//	[0, 4)      CRC-32C over the key and bytes [4, end)
//	[4, 6)      number of classes c, 11
//	[6, 8)      0
//	[8, 12)     number of records n, classPageRecords in every page but the last
//	[12, end)   per class: how many records have it, then per such record the number of records passed since the last one
//	            listed, and its count: all uvarint
const (
	classPageRecords = 4096
	classPageHead    = 12
)

func classKey(ordinal int64) [8]byte {
	var key [8]byte
	binary.BigEndian.PutUint64(key[:], uint64(ordinal))
	return key
}

// appendClassPage appends the page of the records, at least one, that begin at the ordinal of the key.
func appendClassPage(dst []byte, key [8]byte, records []Classes) []byte {
	begin := len(dst)
	dst = append(dst, 0, 0, 0, 0, byte(ClassCount), 0, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(records)))
	for class := range ClassCount {
		listed := 0
		for i := range records {
			if records[i][class] != 0 {
				listed++
			}
		}
		dst = binary.AppendUvarint(dst, uint64(listed))
		next := 0
		for i := range records {
			if n := records[i][class]; n != 0 {
				dst = binary.AppendUvarint(dst, uint64(i-next))
				dst = binary.AppendUvarint(dst, uint64(n))
				next = i + 1
			}
		}
	}
	binary.LittleEndian.PutUint32(dst[begin:], pageCRC(key[:], dst[begin:]))
	return dst
}

// decodeClassPage returns the records of a page, in the memory of records.
func decodeClassPage(records []Classes, key, page []byte) ([]Classes, error) {
	if len(page) < classPageHead {
		return nil, errPageShort
	}
	if binary.LittleEndian.Uint32(page) != pageCRC(key, page) {
		return nil, errPageCRC
	}
	n := binary.LittleEndian.Uint32(page[8:])
	if binary.LittleEndian.Uint32(page[4:]) != uint32(ClassCount) || n == 0 || n > classPageRecords {
		return nil, errPageShape
	}
	if cap(records) < classPageRecords {
		records = make([]Classes, classPageRecords)
	}
	records = records[:n]
	clear(records)
	rest := page[classPageHead:]
	ok := true
	read := func() uint64 {
		v, size := binary.Uvarint(rest)
		if size <= 0 {
			ok = false
			return 0
		}
		rest = rest[size:]
		return v
	}
	for class := range ClassCount {
		listed, at := read(), uint64(0)
		for ; listed > 0 && ok; listed-- {
			skip, count := read(), read()
			if skip >= uint64(n)-at || count > maxValue {
				return nil, errPageEntry
			}
			records[at+skip][class] = int64(count)
			if at += skip + 1; at == uint64(n) && listed > 1 {
				return nil, errPageEntry
			}
		}
	}
	if !ok || len(rest) > 0 {
		return nil, errPageShape
	}
	return records, nil
}
