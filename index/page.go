package index

import (
	"encoding/binary"
	"hash/crc32"
	"math"
)

// The columns of a page, in the order of the file.
const (
	columnLength = iota
	columnFile
	columnOrdinal
	columnOffset
	columnHeader // BodyOffset - Offset
	columnBlanks // BodyEnd - BodyOffset - Length
	columnLineResidues
	columnLineExtra // LineBytes - LineResidues
	columnIDEnd
	columnCount
)

const (
	pageVersion    = 1
	pageHeaderSize = 12
	columnHead     = 9 // bytes of a column in the table
	pageTableEnd   = pageHeaderSize + columnCount*columnHead

	// slack is what may be read, though not used, behind a page: a value is loaded as eight bytes and masked.
	slack = 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// pageCRC is the checksum of a page under its key; value is the page with the four bytes of the checksum.
func pageCRC(key, value []byte) uint32 {
	return crc32.Update(crc32.Update(0, castagnoli, key), castagnoli, value[4:])
}

// page is a decoded page. It owns its bytes.
type page struct {
	data    []byte // the value and slack more bytes
	length  int64  // of the first record, as the key says
	first   int64  // position of the first record
	count   int64
	columns [columnCount]column
	ids     []byte // data's last part
}

// column reads value i as minimum + (eight bytes at start + i*width, masked to width bytes).
type column struct {
	minimum uint64
	mask    uint64
	start   int64
	width   int64
}

// A value above this is refused, so that sums of three values do not overflow.
const maxValue = math.MaxInt64 / 4

// decode takes over key and value, which it copies: bbolt's bytes are a mapping that may fault, the copy is not, and
// what was checked is what will be read. It reuses p's memory.
func (p *page) decode(key, value []byte) error {
	var ok bool
	if p.length, p.first, ok = splitKey(key); !ok || p.first > maxValue {
		return errPageKey
	}
	if len(value) < pageTableEnd {
		return errPageShort
	}
	p.data = append(append(p.data[:0], value...), make([]byte, slack)...)
	value = p.data[:len(value)]
	if binary.LittleEndian.Uint32(value) != pageCRC(key, value) {
		return errPageCRC
	}
	if binary.LittleEndian.Uint16(value[4:]) != pageVersion {
		return errPageVersion
	}
	p.count = int64(binary.LittleEndian.Uint32(value[8:]))
	if binary.LittleEndian.Uint16(value[6:]) != columnCount || p.count == 0 {
		return errPageShape
	}
	if err := p.decodeTable(value); err != nil {
		return err
	}
	if first, err := p.value(columnLength, 0); err != nil || first != p.length {
		return errPageKey
	}
	return nil
}

func (p *page) decodeTable(value []byte) error {
	start := int64(pageTableEnd)
	for i := range p.columns {
		head := value[pageHeaderSize+i*columnHead:]
		c := column{minimum: binary.LittleEndian.Uint64(head), start: start, width: int64(head[8])}
		if c.width > 8 || c.minimum > maxValue {
			return errPageShape
		}
		c.mask = uint64(1)<<(8*c.width) - 1 // a shift by 64 gives 0, less 1 all bits
		p.columns[i] = c
		start += c.width * p.count // at most 9 * 8 * 2^32
	}
	if start > int64(len(value)) {
		return errPageShort
	}
	p.ids = value[start:]
	if end, err := p.value(columnIDEnd, p.count-1); err != nil || end != int64(len(p.ids)) {
		return errPageShape
	}
	return nil
}

// value returns value i of a column, 0 <= i < count.
func (p *page) value(number int, i int64) (int64, error) {
	c := &p.columns[number]
	v := c.minimum + binary.LittleEndian.Uint64(p.data[c.start+i*c.width:])&c.mask
	if v-c.minimum > maxValue || v > maxValue {
		return 0, errPageEntry
	}
	return int64(v), nil
}

// entry reads entry i, 0 <= i < count, except for Ordinal, which it leaves as the ordinal in the file. The id is a view
// of the page.
func (p *page) entry(i int64, e *Entry) error {
	var v [columnCount]int64
	for number := range v {
		var err error
		if v[number], err = p.value(number, i); err != nil {
			return err
		}
	}
	var idStart int64
	if i > 0 {
		var err error
		if idStart, err = p.value(columnIDEnd, i-1); err != nil {
			return err
		}
	}
	if idStart > v[columnIDEnd] || v[columnIDEnd] > int64(len(p.ids)) || v[columnFile] > math.MaxInt32 {
		return errPageEntry
	}
	e.Position = p.first + i
	e.Ordinal = v[columnOrdinal]
	e.File = int(v[columnFile])
	e.ID = p.ids[idStart:v[columnIDEnd]:v[columnIDEnd]]
	e.Offset = v[columnOffset]
	e.BodyOffset = e.Offset + v[columnHeader]
	e.Length = v[columnLength]
	e.BodyEnd = e.BodyOffset + v[columnBlanks] + e.Length
	e.LineResidues = v[columnLineResidues]
	e.LineBytes = e.LineResidues + v[columnLineExtra]
	return nil
}
