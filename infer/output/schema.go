package output

import (
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// recordColumns are the names of the columns that describe a record, in file order. What a model computes follows them, as
// the data set's Columns say: lists whose leaf column is NAME.list.element, or offsets into arrays.
var recordColumns = []string{
	"ordinal", "id", "description", "file", "byte_offset", "length", "residues", "unknown", "truncated", "md5",
}

// Places of the columns in recordColumns, and how many there are.
const (
	colOrdinal = iota
	colID
	colDescription
	colFile
	colByteOffset
	colLength
	colResidues
	colUnknown
	colTruncated
	colMD5
	numRecordColumns
)

// partSchema is the Parquet schema of a part whose lists are made of the given type.
func partSchema(element parquet.Type, columns Columns) *parquet.Schema {
	text := parquet.Encoded(parquet.String(), &parquet.Plain)
	number := parquet.Leaf(parquet.Int64Type)
	group := parquet.Group{
		"ordinal":     number,
		"id":          text,
		"description": text,
		"file":        parquet.Encoded(parquet.String(), &parquet.RLEDictionary),
		"byte_offset": number,
		"length":      number,
		"residues":    number,
		"unknown":     number,
		"truncated":   number,
		"md5":         text,
	}
	names := slices.Clone(recordColumns)
	for _, c := range columns {
		switch {
		case c.PerResidue():
			group[c.stored()] = number
		case c.Scalar():
			group[c.stored()] = parquet.Leaf(parquet.FloatType)
		default:
			group[c.stored()] = parquet.List(parquet.Encoded(parquet.Leaf(element), &parquet.Plain))
		}
		names = append(names, c.stored())
	}
	return parquet.NewSchema("schema", orderedGroup{group, names})
}

// orderedGroup is the root group with its fields in the order of names; parquet.Group sorts them by name.
type orderedGroup struct {
	parquet.Group
	names []string
}

func (g orderedGroup) Fields() []parquet.Field {
	fields := g.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int {
		return slices.Index(g.names, a.Name()) - slices.Index(g.names, b.Name())
	})
	return fields
}

// elementType is the type of a list's elements: FLOAT, or FIXED_LEN_BYTE_ARRAY(2) with the logical type FLOAT16,
// which parquet-go knows as a format and not as a type of its own.
type elementType struct {
	parquet.Type
	logical   *format.LogicalType
	low, high []byte // -Inf and +Inf, little-endian
}

func newElementType(dtype DType) elementType {
	if dtype == Float16 {
		return elementType{
			Type:    parquet.FixedLenByteArrayType(2),
			logical: &format.LogicalType{Value: new(format.Float16Type)},
			low:     []byte{0x00, 0xfc},
			high:    []byte{0x00, 0x7c},
		}
	}
	return elementType{
		Type: parquet.FloatType,
		low:  []byte{0x00, 0x00, 0x80, 0xff},
		high: []byte{0x00, 0x00, 0x80, 0x7f},
	}
}

func (t elementType) LogicalType() *format.LogicalType { return t.logical }

// NewColumnIndexer gives a page index without statistics. parquet-go always writes the index, and where bounds are
// skipped it writes zeros, which would be wrong; any page lies between the infinities.
func (t elementType) NewColumnIndexer(int) parquet.ColumnIndexer {
	return &unboundedIndexer{low: t.low, high: t.high}
}

// unboundedIndexer is a parquet.ColumnIndexer that gives every page the widest bounds.
type unboundedIndexer struct {
	low, high []byte
	pages     int
}

func (x *unboundedIndexer) Reset() { x.pages = 0 }

func (x *unboundedIndexer) IndexPage(_, _ int64, _, _ parquet.Value) { x.pages++ }

func (x *unboundedIndexer) ColumnIndex() format.ColumnIndex {
	return format.ColumnIndex{
		NullPages:  make([]bool, x.pages),
		NullCounts: make([]int64, x.pages),
		MinValues:  slices.Repeat([][]byte{x.low}, x.pages),
		MaxValues:  slices.Repeat([][]byte{x.high}, x.pages),
	}
}
