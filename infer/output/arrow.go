package output

import (
	"encoding/base64"
	"encoding/binary"

	flatbuffers "github.com/google/flatbuffers/go"
)

// The Arrow schema of a part, for readers that look for it under the key ARROW:schema: the only way to say in a
// Parquet file that a list column has a fixed size. Slots, union members and enum values are those of the Arrow format,
// https://github.com/apache/arrow/blob/main/format/Schema.fbs and Message.fbs; the framing is the encapsulated message of
// https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format (union fields take two slots: the
// member's number, then the member).
const arrowSchemaKey = "ARROW:schema"

const (
	arrowV5 = 4 // MetadataVersion.V5

	arrowMessageVersion    = 0 // table Message
	arrowMessageHeaderType = 1
	arrowMessageHeader     = 2
	arrowHeaderSchema      = 1 // MessageHeader.Schema

	arrowSchemaFields = 1 // table Schema; slot 0 is the endianness, little by default

	arrowFieldName     = 0 // table Field
	arrowFieldType     = 2 // slot 1 is nullable, false by default
	arrowFieldTypeData = 3
	arrowFieldChildren = 5

	arrowInt           = 2 // union Type
	arrowFloatingPoint = 3
	arrowUtf8          = 5
	arrowFixedSizeList = 16

	arrowHalf   = 0 // Precision
	arrowSingle = 1
)

// arrowSchema returns the value of ARROW:schema for parts of those columns.
func arrowSchema(dtype DType, columns Columns) string {
	b := flatbuffers.NewBuilder(1024)
	fields := make([]flatbuffers.UOffsetT, 0, numRecordColumns+len(columns))
	for i, name := range recordColumns {
		switch i {
		case colID, colDescription, colFile, colMD5:
			fields = append(fields, arrowField(b, name, arrowUtf8, arrowTable(b, 0, nil)))
		default:
			fields = append(fields, arrowInteger(b, name))
		}
	}
	for _, c := range columns {
		switch {
		case c.PerResidue():
			fields = append(fields, arrowInteger(b, c.stored()))
		case c.Scalar():
			fields = append(fields, arrowFloat(b, c.stored(), Float32))
		default:
			fields = append(fields, arrowList(b, c.stored(), dtype, c.Width))
		}
	}
	list := b.CreateVectorOfTables(fields)
	schema := arrowTable(b, 4, func() { b.PrependUOffsetTSlot(arrowSchemaFields, list, 0) })
	b.Finish(arrowTable(b, 5, func() {
		b.PrependInt16Slot(arrowMessageVersion, arrowV5, 0)
		b.PrependByteSlot(arrowMessageHeaderType, arrowHeaderSchema, 0)
		b.PrependUOffsetTSlot(arrowMessageHeader, schema, 0)
	}))

	// Continuation marker, size of the metadata padded to 8 bytes, metadata; the message has no body.
	message := b.FinishedBytes()
	size := (len(message) + 7) &^ 7
	framed := make([]byte, 8+size)
	binary.LittleEndian.PutUint32(framed[0:], 0xffffffff)
	binary.LittleEndian.PutUint32(framed[4:], uint32(size))
	copy(framed[8:], message)
	return base64.StdEncoding.EncodeToString(framed)
}

// arrowInteger writes a field of int64.
func arrowInteger(b *flatbuffers.Builder, name string) flatbuffers.UOffsetT {
	return arrowField(b, name, arrowInt, arrowTable(b, 2, func() {
		b.PrependInt32Slot(0, 64, 0) // bitWidth
		b.PrependBoolSlot(1, true, false)
	}))
}

// arrowFloat writes a field of floats.
func arrowFloat(b *flatbuffers.Builder, name string, dtype DType) flatbuffers.UOffsetT {
	return arrowField(b, name, arrowFloatingPoint, arrowTable(b, 1, func() {
		precision := int16(arrowSingle)
		if dtype == Float16 {
			precision = arrowHalf
		}
		b.PrependInt16Slot(0, precision, 0)
	}))
}

// arrowList writes a field of lists of that many floats.
func arrowList(b *flatbuffers.Builder, name string, dtype DType, width int) flatbuffers.UOffsetT {
	element := arrowFloat(b, "element", dtype)
	return arrowField(b, name, arrowFixedSizeList, arrowTable(b, 1, func() {
		b.PrependInt32Slot(0, int32(width), 0) // listSize
	}), element)
}

// arrowTable writes a table of the given number of slots; fill sets those that are not at their default.
func arrowTable(b *flatbuffers.Builder, slots int, fill func()) flatbuffers.UOffsetT {
	b.StartObject(slots)
	if fill != nil {
		fill()
	}
	return b.EndObject()
}

// arrowField writes a Field that is never null. Readers want the vector of children even where it is empty.
func arrowField(b *flatbuffers.Builder, name string, typ byte, data flatbuffers.UOffsetT, children ...flatbuffers.UOffsetT) flatbuffers.UOffsetT {
	label := b.CreateString(name)
	below := b.CreateVectorOfTables(children)
	return arrowTable(b, 7, func() {
		b.PrependUOffsetTSlot(arrowFieldName, label, 0)
		b.PrependByteSlot(arrowFieldType, typ, 0)
		b.PrependUOffsetTSlot(arrowFieldTypeData, data, 0)
		b.PrependUOffsetTSlot(arrowFieldChildren, below, 0)
	})
}
