package index

import (
	"encoding/binary"
	"hash/crc32"
	"math"
)

// The columns of an entry, in the order of the file.
const (
	columnLength = iota
	columnFile
	columnOrdinal
	columnOffset
	columnHeader // BodyOffset - Offset
	columnBlanks // BodyEnd - BodyOffset - Length
	columnLineResidues
	columnLineExtra // LineBytes - LineResidues
	columnIDSize
	columnCount
)

const (
	pageVersion    = 3
	pageHeaderSize = 12
	columnHead     = 9 // bytes of a column in the table
	pageTableEnd   = pageHeaderSize + columnCount*columnHead

	// groupEntries is the number of entries in every group but a page's last. A rank of many reads one entry of a page
	// here and there: that costs a checksum over its group, some 160 bytes, and not over the page.
	groupEntries = 4
	groupHead    = 8 // bytes of a group in the table

	// slack is what may be written, though not used, behind a row: a value is stored as eight bytes.
	slack = 8

	// rowWindow is what may be read from the start of a row on, though not used: a value is loaded as eight bytes and masked,
	// and that it begins before byte 128 of the row is plain to the compiler.
	rowWindow = 127 + 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// headCRC is the checksum of a page's head under its key; head includes the four bytes of the checksum.
func headCRC(key, head []byte) uint32 {
	return crc32.Update(crc32.Update(0, castagnoli, key), castagnoli, head[4:pageTableEnd])
}

// groupCRC is the checksum of group g. It begins with the number, so that no other group's content passes.
func groupCRC(g int64, content []byte) uint32 {
	return crc32.Update(uint32(g), castagnoli, content)
}

// tableSize returns the bytes of the group table of a page of so many entries.
func tableSize(count int64) int64 { return groupsOf(count) * groupHead }

// page is a decoded page. It owns its head and one group at a time; the group table, which is checked through the groups,
// and the other groups are in value.
type page struct {
	value   []byte // as it is stored; bbolt's bytes, which may fault
	head    [pageTableEnd]byte
	length  int64 // of the first record, as the key says
	first   int64 // position of the first record
	count   int64
	columns [columnCount]column
	rowSize int64
	groups  int64 // where the groups begin in value
	bounded bool  // no value of any row can be above maxValue

	group  []byte // rows and ids of the current group, and at least rowWindow more bytes
	number int64  // of the current group, -1 before the first
	rows   int64  // in it
	ids    []byte // in it
	next   int64  // an entry of the group whose id begins at ids[idNext:]
	idNext int64
}

// column reads its value as minimum + (eight bytes at start of the row, masked to the column's width).
type column struct {
	minimum uint64
	mask    uint64
	start   uint64
}

// A value above this is refused, so that sums of three values do not overflow.
const maxValue = math.MaxInt64 / 4

// decode takes over key and value. What is looked at is copied before it is checked: bbolt's bytes are a mapping that may
// change or fault, the copy is not, and what was checked is what will be read. value must stay valid as long as p is
// used. It reuses p's memory.
func (p *page) decode(key, value []byte) error {
	var ok bool
	p.number, p.value = -1, value
	if p.length, p.first, ok = splitKey(key); !ok || p.first > maxValue {
		return errPageKey
	}
	if len(value) < pageTableEnd {
		return errPageShort
	}
	copy(p.head[:], value)
	if binary.LittleEndian.Uint32(p.head[:]) != headCRC(key, p.head[:]) {
		return errPageCRC
	}
	if binary.LittleEndian.Uint16(p.head[4:]) != pageVersion {
		return errPageVersion
	}
	p.count = int64(binary.LittleEndian.Uint32(p.head[8:]))
	if binary.LittleEndian.Uint16(p.head[6:]) != columnCount || p.count == 0 {
		return errPageShape
	}
	p.groups = pageTableEnd + tableSize(p.count)
	if p.groups > int64(len(value)) {
		return errPageShort
	}
	p.rowSize, p.bounded = 0, true
	for i := range p.columns {
		head := p.head[pageHeaderSize+i*columnHead:]
		width := int64(head[8])
		c := column{minimum: binary.LittleEndian.Uint64(head), start: uint64(p.rowSize)}
		if width > 8 || c.minimum > maxValue {
			return errPageShape
		}
		c.mask = uint64(1)<<(8*width) - 1 // a shift by 64 gives 0, less 1 all bits
		p.columns[i] = c
		p.rowSize += width
		p.bounded = p.bounded && c.mask <= maxValue-c.minimum
	}
	ids := binary.LittleEndian.Uint32(value[p.groups-4:]) // of all groups
	if p.groups+p.count*p.rowSize+int64(ids) != int64(len(value)) {
		return errPageShort
	}
	return nil
}

// groupsOf returns the number of groups that hold so many entries.
func groupsOf(count int64) int64 { return (count + groupEntries - 1) / groupEntries }

// groupAt returns where group g begins and ends in the value, and its checksum.
func (p *page) groupAt(g int64) (start, end int64, sum uint32) {
	table := p.value[pageTableEnd+g*groupHead:][:groupHead]
	ids := int64(0) // of the groups before
	if g > 0 {
		ids = int64(binary.LittleEndian.Uint32(p.value[pageTableEnd+g*groupHead-4:]))
	}
	idsEnd := int64(binary.LittleEndian.Uint32(table[4:]))
	start = p.groups + g*groupEntries*p.rowSize + ids
	end = p.groups + min((g+1)*groupEntries, p.count)*p.rowSize + idsEnd
	return start, end, binary.LittleEndian.Uint32(table)
}

// loadGroup makes the group of entry i, 0 <= i < count, the current one.
func (p *page) loadGroup(i int64) error {
	g := int64(uint64(i) / groupEntries)
	if g == p.number {
		return nil
	}
	p.rows = min(groupEntries, p.count-g*groupEntries)
	start, end, sum := p.groupAt(g)
	idStart := p.rows * p.rowSize
	if end-start < idStart || end > int64(len(p.value)) {
		return errPageShape
	}
	p.number = -1
	size := end - start
	if int64(len(p.group)) < size+rowWindow {
		p.group = make([]byte, 2*size+rowWindow)
	}
	content := p.group[:size]
	copy(content, p.value[start:end])
	if groupCRC(g, content) != sum {
		return errPageCRC
	}
	p.ids = content[idStart:]
	p.next, p.idNext = 0, 0
	if g == 0 && p.columns[columnLength].read(p.row(0)) != uint64(p.length) {
		return errPageKey
	}
	p.number = g
	return nil
}

func (c *column) read(row *[rowWindow]byte) uint64 {
	return c.minimum + binary.LittleEndian.Uint64(row[c.start&127:])&c.mask
}

// row returns the row of entry i, whose group is loaded.
func (p *page) row(i int64) *[rowWindow]byte {
	return (*[rowWindow]byte)(p.group[i&(groupEntries-1)*p.rowSize:])
}

// values reads all columns of entry i, whose group is loaded.
func (p *page) values(i int64, v *[columnCount]uint64) error {
	row := p.row(i)
	if p.bounded {
		for number := range v {
			v[number] = p.columns[number].read(row)
		}
		return nil
	}
	for number := range v {
		c := &p.columns[number]
		if v[number] = c.read(row); v[number] > maxValue || v[number] < c.minimum {
			return errPageEntry
		}
	}
	return nil
}

// length of entry i, whose group is loaded.
func (p *page) lengthOf(i int64) (int64, error) {
	v := p.columns[columnLength].read(p.row(i))
	if v > maxValue {
		return 0, errPageEntry
	}
	return int64(v), nil
}

// id returns the id of entry i, whose group is loaded and which has that size: a view of the group.
func (p *page) id(i int64, size uint64) ([]byte, error) {
	i &= groupEntries - 1
	if i < p.next {
		p.next, p.idNext = 0, 0
	}
	for ; p.next < i; p.next++ {
		p.idNext += int64(min(p.columns[columnIDSize].read(p.row(p.next)), math.MaxInt32))
	}
	start, end := p.idNext, p.idNext+int64(size)
	if end > int64(len(p.ids)) || i == p.rows-1 && end != int64(len(p.ids)) {
		return nil, errPageEntry
	}
	return p.ids[start:end:end], nil
}

// entry reads entry i, whose group is loaded, except for Ordinal, which it leaves as the ordinal in the file. The id is a
// view of the group.
func (p *page) entry(i int64, e *Entry) error {
	var v [columnCount]uint64
	if err := p.values(i, &v); err != nil {
		return err
	}
	id, err := p.id(i, v[columnIDSize])
	if err != nil {
		return err
	}
	if v[columnFile] > math.MaxInt32 {
		return errPageEntry
	}
	e.Position = p.first + i
	e.ID = id
	e.fill(&v)
	return nil
}

// fill sets what the columns say; Ordinal is the one in the file.
func (e *Entry) fill(v *[columnCount]uint64) {
	e.Ordinal = int64(v[columnOrdinal])
	e.File = int(v[columnFile])
	e.Offset = int64(v[columnOffset])
	e.BodyOffset = e.Offset + int64(v[columnHeader])
	e.Length = int64(v[columnLength])
	e.BodyEnd = e.BodyOffset + int64(v[columnBlanks]) + e.Length
	e.LineResidues = int64(v[columnLineResidues])
	e.LineBytes = e.LineResidues + int64(v[columnLineExtra])
}

// readAll reads all entries into rows.
func (p *page) readAll(r *rows) error {
	r.reset()
	if p.count > pageEntries {
		return errPageShape
	}
	for i := range p.count {
		if err := p.loadGroup(i); err != nil {
			return err
		}
		v := &r.values[i]
		if err := p.values(i, v); err != nil {
			return err
		}
		id, err := p.id(i, v[columnIDSize])
		if err != nil {
			return err
		}
		r.ids = append(r.ids, id...)
	}
	r.count = int(p.count)
	return nil
}
