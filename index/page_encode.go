package index

import (
	"encoding/binary"
	"math/bits"
)

// pageEntries is the number of entries in every page but the last. A page of proteins then takes about 40 KB: enough
// that bbolt's own bytes and the unused end of its leaves, two pages each, are a few per cent, and little enough that
// reading one record by its position costs microseconds.
const pageEntries = 1024

// rows are up to a page of entries in index order, as columns hold them.
type rows struct {
	values [pageEntries][columnCount]uint64
	ids    []byte // end to end
	count  int
}

func (r *rows) reset() { r.count, r.ids = 0, r.ids[:0] }

func (r *rows) add(v *[columnCount]uint64, id []byte) {
	r.values[r.count] = *v
	r.ids = append(r.ids, id...)
	r.count++
}

// key of the page of the rows, whose first is at position.
func (r *rows) key(position int64) [keySize]byte {
	return pageKey(int64(r.values[0][columnLength]), position)
}

// appendPage appends the stored form of the rows, at least one, whose page has that key.
func (r *rows) appendPage(dst []byte, key [keySize]byte) []byte {
	begin := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, 0) // the checksum comes last
	dst = binary.LittleEndian.AppendUint16(dst, pageVersion)
	dst = binary.LittleEndian.AppendUint16(dst, columnCount)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(r.count))
	minima, widths := r.frame()
	rowSize := 0
	for number := range minima {
		dst = binary.LittleEndian.AppendUint64(dst, minima[number])
		dst = append(dst, byte(widths[number]))
		rowSize += widths[number]
	}
	table := len(dst)
	groups := table + int(tableSize(int64(r.count)))
	end := groups + r.count*rowSize + len(r.ids)
	for cap(dst) < end+slack {
		dst = append(dst[:cap(dst)], 0)
	}
	dst = dst[:end+slack]
	at, ids := groups, r.ids
	idEnd := 0
	for first := 0; first < r.count; first += groupEntries {
		start, idStart := at, idEnd
		for i := first; i < min(first+groupEntries, r.count); i++ {
			v := &r.values[i]
			for number := range v {
				binary.LittleEndian.PutUint64(dst[at:], v[number]-minima[number])
				at += widths[number]
			}
			idEnd += int(v[columnIDSize])
		}
		at += copy(dst[at:], ids[idStart:idEnd])
		binary.LittleEndian.PutUint32(dst[table:], groupCRC(int64(first/groupEntries), dst[start:at]))
		binary.LittleEndian.PutUint32(dst[table+4:], uint32(idEnd))
		table += groupHead
	}
	binary.LittleEndian.PutUint32(dst[begin:], headCRC(key[:], dst[begin:]))
	return dst[:end]
}

// frame returns the least value of each column and the bytes that the largest distance from it needs.
func (r *rows) frame() (minima [columnCount]uint64, widths [columnCount]int) {
	minima = r.values[0]
	maxima := minima
	for i := 1; i < r.count; i++ {
		v := &r.values[i]
		for number := range v {
			minima[number] = min(minima[number], v[number])
			maxima[number] = max(maxima[number], v[number])
		}
	}
	for number := range widths {
		widths[number] = (bits.Len64(maxima[number]-minima[number]) + 7) / 8
	}
	return minima, widths
}
