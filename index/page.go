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

// storedColumns are those of an entry's row. What follows, the size of the id, the page's table says.
const storedColumns = columnIDSize

const (
	pageVersion    = 4
	pageHeaderSize = 13
	columnHead     = 9 // bytes of a column's minimum and width
	pageTableAt    = pageHeaderSize + storedColumns*columnHead

	// A rank of many reads one entry of a page here and there: each has a checksum of its own, so that this costs a line of
	// the table and two of the entry.
	checksumSize = 4
	// maxEndWidth lets the last four bytes of a row of the table be loaded as one number.
	maxEndWidth = 4

	// slack is what may be written, though not used, behind a row: a value is stored as eight bytes.
	slack = 8

	// rowWindow is what may be read from the start of a row on, though not used: a value is loaded as eight bytes and masked,
	// and that it begins before byte 128 of the row is plain to the compiler.
	rowWindow = 127 + 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// headCRC is the checksum of a page's head under its key; head includes the four bytes of the checksum.
func headCRC(key, head []byte) uint32 {
	return crc32.Update(crc32.Update(0, castagnoli, key), castagnoli, head[checksumSize:pageTableAt])
}

// entryCRC is the checksum of entry i. It begins with the number, so that no other entry's content passes.
func entryCRC(i int64, content []byte) uint32 {
	return crc32.Update(uint32(i), castagnoli, content)
}

// page is a decoded page. It owns its head and the entries that were read last; the table, which is checked through the
// entries, and the other entries are in value.
type page struct {
	value   []byte // as it is stored; bbolt's bytes, which may fault
	head    [pageTableAt]byte
	length  int64 // of the first record, as the key says
	first   int64 // position of the first record
	count   int64
	columns [storedColumns]column
	rowSize int64
	bounded bool // no value of any row can be above maxValue

	tableRow int64 // bytes of an entry in the table
	endShift uint8 // what comes before an id's end in the last four bytes of a row of the table
	entries  int64 // where the entries begin in value

	held    []byte // the entries that were read last, end to end
	touched byte   // keeps ahead from being left out
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
	p.value = value
	if p.length, p.first, ok = splitKey(key); !ok || p.first > maxValue {
		return errPageKey
	}
	if len(value) < pageTableAt {
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
	if binary.LittleEndian.Uint16(p.head[6:]) != storedColumns || p.count == 0 || p.head[12] > maxEndWidth {
		return errPageShape
	}
	p.tableRow = checksumSize + int64(p.head[12])
	p.endShift = 8 * (maxEndWidth - p.head[12])
	p.entries = pageTableAt + p.count*p.tableRow
	if p.entries > int64(len(value)) {
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
	return nil
}

// idsEnd returns where the id of entry i, which may be -1, ends among the page's ids.
func (p *page) idsEnd(i int64) int64 {
	if i < 0 {
		return 0
	}
	return int64(binary.LittleEndian.Uint32(p.value[pageTableAt+(i+1)*p.tableRow-4:]) >> p.endShift)
}

// span returns where entry i begins and ends in the value, if the table is sound.
func (p *page) span(i int64) (start, end int64) {
	start = p.entries + i*p.rowSize
	return start + p.idsEnd(i-1), start + p.rowSize + p.idsEnd(i)
}

// forget lets the memory of entries that were read be used again.
func (p *page) forget() { p.held = p.held[:0] }

// read copies entry i, 0 <= i < count, and checks it. What it returns is valid until forget.
func (p *page) read(i int64) (row *[rowWindow]byte, id []byte, err error) {
	start, end := p.span(i)
	size := end - start
	if size < p.rowSize || end > int64(len(p.value)) {
		return nil, nil, errPageShape
	}
	if i == p.count-1 && end != int64(len(p.value)) {
		return nil, nil, errPageShort
	}
	at := int64(len(p.held))
	if int64(cap(p.held)) < at+size+rowWindow {
		at = 0 // who has what was read before keeps the memory
		p.held = make([]byte, 0, 2*size+4096)
	}
	p.held = p.held[:at+size]
	content := p.held[at:]
	copy(content, p.value[start:end])
	if entryCRC(i, content) != binary.LittleEndian.Uint32(p.value[pageTableAt+i*p.tableRow:]) {
		return nil, nil, errPageCRC
	}
	row = (*[rowWindow]byte)(content[:rowWindow])
	if i == 0 && p.columns[columnLength].read(row) != uint64(p.length) {
		return nil, nil, errPageKey
	}
	return row, content[p.rowSize:size:size], nil
}

// ahead has the processor fetch a number of entries, from i on, step apart, all at once: read would wait for one after
// the other.
func (p *page) ahead(i, step int64, number int) {
	var starts, ends [windowEntries]int64
	for k := range number {
		starts[k], ends[k] = p.span(i)
		i += step
	}
	size := int64(len(p.value))
	for k := range number {
		at, last := starts[k], min(ends[k], size)-1
		for ; at <= last; at += cacheLine {
			p.touched += p.value[at]
		}
		if last >= 0 { // the line that the loop may have stopped short of
			p.touched += p.value[last]
		}
	}
}

// cacheLine is the bytes that a processor fetches at once.
const cacheLine = 64

func (c *column) read(row *[rowWindow]byte) uint64 {
	return c.minimum + binary.LittleEndian.Uint64(row[c.start&127:])&c.mask
}

// values reads all columns but for the size of the id.
func (p *page) values(row *[rowWindow]byte, v *[columnCount]uint64) error {
	if p.bounded {
		for number := range p.columns {
			v[number] = p.columns[number].read(row)
		}
		return nil
	}
	for number := range p.columns {
		c := &p.columns[number]
		if v[number] = c.read(row); v[number] > maxValue || v[number] < c.minimum {
			return errPageEntry
		}
	}
	return nil
}

// lengthOf entry i.
func (p *page) lengthOf(i int64) (int64, error) {
	row, _, err := p.read(i)
	if err != nil {
		return 0, err
	}
	v := p.columns[columnLength].read(row)
	if v > maxValue {
		return 0, errPageEntry
	}
	return int64(v), nil
}

// entry reads entry i, except for Ordinal, which it leaves as the ordinal in the file. The id is valid until forget.
func (p *page) entry(i int64, e *Entry) error {
	row, id, err := p.read(i)
	if err != nil {
		return err
	}
	var v [columnCount]uint64
	if err := p.values(row, &v); err != nil {
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
		p.forget()
		row, id, err := p.read(i)
		if err != nil {
			return err
		}
		v := &r.values[i]
		if err := p.values(row, v); err != nil {
			return err
		}
		v[columnIDSize] = uint64(len(id))
		r.ids = append(r.ids, id...)
	}
	r.count = int(p.count)
	return nil
}
