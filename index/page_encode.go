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
	dst = binary.LittleEndian.AppendUint16(dst, storedColumns)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(r.count))
	endWidth := bytesOf(uint64(len(r.ids)))
	endShift := 8 * (maxEndWidth - endWidth)
	dst = append(dst, byte(endWidth))
	minima, widths := r.frame()
	rowSize := 0
	for number := range minima {
		dst = binary.LittleEndian.AppendUint64(dst, minima[number])
		dst = append(dst, byte(widths[number]))
		rowSize += widths[number]
	}
	table := len(dst)
	at := table + r.count*(checksumSize+endWidth)
	end := at + r.count*rowSize + len(r.ids)
	for cap(dst) < end+slack {
		dst = append(dst[:cap(dst)], 0)
	}
	dst = dst[:end+slack]
	idEnd := 0
	for i := range r.count {
		v := &r.values[i]
		start := at
		for number := range minima {
			binary.LittleEndian.PutUint64(dst[at:], v[number]-minima[number])
			at += widths[number]
		}
		idStart := idEnd
		idEnd += int(v[columnIDSize])
		at += copy(dst[at:], r.ids[idStart:idEnd])
		table += checksumSize + endWidth
		binary.LittleEndian.PutUint32(dst[table-4:], uint32(idEnd)<<endShift) // and over the checksum's end, which comes next
		binary.LittleEndian.PutUint32(dst[table-endWidth-checksumSize:], entryCRC(int64(i), dst[start:at]))
	}
	binary.LittleEndian.PutUint32(dst[begin:], headCRC(key[:], dst[begin:]))
	return dst[:end]
}

// frame returns the least value of each stored column and the bytes that the largest distance from it needs.
func (r *rows) frame() (minima [storedColumns]uint64, widths [storedColumns]int) {
	minima = [storedColumns]uint64(r.values[0][:])
	maxima := minima
	for i := 1; i < r.count; i++ {
		v := &r.values[i]
		for number := range minima {
			minima[number] = min(minima[number], v[number])
			maxima[number] = max(maxima[number], v[number])
		}
	}
	for number := range widths {
		widths[number] = bytesOf(maxima[number] - minima[number])
	}
	return minima, widths
}

// bytesOf returns the bytes that a number needs, none for 0.
func bytesOf(v uint64) int { return (bits.Len64(v) + 7) / 8 }
