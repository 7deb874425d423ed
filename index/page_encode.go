package index

import (
	"encoding/binary"
	"math/bits"
)

// pageEntries is the number of entries in every page but the last. A page of proteins then takes about 40 KB: enough
// that bbolt's own bytes and the unused end of its leaves, two pages each, are a few per cent, and little enough that
// reading one record by its position costs microseconds.
const pageEntries = 1024

// appendPage appends the page of entries, whose Ordinal counts in their file, to dst; dst's capacity may be used. The
// entries stand in index order and are not empty.
func appendPage(dst []byte, entries []Entry) []byte {
	begin := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, 0) // the checksum comes last
	dst = binary.LittleEndian.AppendUint16(dst, pageVersion)
	dst = binary.LittleEndian.AppendUint16(dst, columnCount)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(entries)))

	values := columnValues(entries)
	var minima [columnCount]uint64
	var widths [columnCount]int
	for number, column := range values {
		minima[number], widths[number] = frame(column)
		dst = binary.LittleEndian.AppendUint64(dst, minima[number])
		dst = append(dst, byte(widths[number]))
	}
	for number, column := range values {
		for _, v := range column {
			dst = binary.LittleEndian.AppendUint64(dst, v-minima[number])
			dst = dst[:len(dst)-8+widths[number]]
		}
	}
	for i := range entries {
		dst = append(dst, entries[i].ID...)
	}

	key := pageKey(entries[0].Length, entries[0].Position)
	binary.LittleEndian.PutUint32(dst[begin:], pageCRC(key[:], dst[begin:]))
	return dst
}

func columnValues(entries []Entry) [columnCount][]uint64 {
	var values [columnCount][]uint64
	memory := make([]uint64, columnCount*len(entries))
	for number := range values {
		values[number] = memory[number*len(entries):][:len(entries)]
	}
	var idEnd uint64
	for i := range entries {
		e := &entries[i]
		idEnd += uint64(len(e.ID))
		values[columnLength][i] = uint64(e.Length)
		values[columnFile][i] = uint64(e.File)
		values[columnOrdinal][i] = uint64(e.Ordinal)
		values[columnOffset][i] = uint64(e.Offset)
		values[columnHeader][i] = uint64(e.BodyOffset - e.Offset)
		values[columnBlanks][i] = uint64(e.BodyEnd - e.BodyOffset - e.Length)
		values[columnLineResidues][i] = uint64(e.LineResidues)
		values[columnLineExtra][i] = uint64(e.LineBytes - e.LineResidues)
		values[columnIDEnd][i] = idEnd
	}
	return values
}

// frame returns the least value of a column and the bytes that the largest distance from it needs.
func frame(column []uint64) (minimum uint64, width int) {
	minimum, maximum := column[0], column[0]
	for _, v := range column[1:] {
		minimum, maximum = min(minimum, v), max(maximum, v)
	}
	return minimum, (bits.Len64(maximum-minimum) + 7) / 8
}
