package output

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	flatbuffers "github.com/google/flatbuffers/go"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

func TestPartReadsBack(t *testing.T) {
	for _, dtype := range []DType{Float32, Float16} {
		t.Run(string(dtype), func(t *testing.T) {
			d := newDataSet(t, 100, 24, dtype)
			d.write(t)
			var rows []Row
			var skips []Skip
			for i := range d.blocks {
				part, err := OpenPart(d.partPath(i))
				if err != nil {
					t.Fatal(err)
				}
				defer part.Close()
				want := d.infos[i]
				want.Version, want.Rows, want.Skips = PartVersion, want.Items-int64(len(part.Info.Skips)), part.Info.Skips
				mustEqual(t, part.Info, want)
				skips = append(skips, part.Info.Skips...)
				got, err := readRows(d.partPath(i))
				if err != nil {
					t.Fatal(err)
				}
				// Rows lie in the order they were written.
				var ordinals []int64
				for n, err := range part.Ordinals() {
					if err != nil {
						t.Fatal(err)
					}
					ordinals = append(ordinals, n)
				}
				for j, n := range slices.DeleteFunc(slices.Clone(d.blocks[i].Ordinals), func(n int64) bool { _, s := d.skip(n); return s }) {
					if got[j].Ordinal != n || ordinals[j] != n {
						t.Fatalf("row %d has ordinal %d and %d, want %d", j, got[j].Ordinal, ordinals[j], n)
					}
				}
				rows = append(rows, got...)
			}
			slices.SortFunc(rows, func(a, b Row) int { return int(a.Ordinal - b.Ordinal) })
			mustEqual(t, rows, d.embedded())
			if len(skips) != len(d.skips) {
				t.Fatalf("%d skips, want %d", len(skips), len(d.skips))
			}
		})
	}
}

func TestPartSpansRowGroups(t *testing.T) {
	d := newDataSet(t, 40, 8, Float32)
	info := d.infos[0]
	info.Items = 40
	w, err := CreatePart(d.dir, info)
	if err != nil {
		t.Fatal(err)
	}
	w.groupLimit = 2000
	if err := w.Append(d.rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Publish(nil); err != nil {
		t.Fatal(err)
	}
	part, err := OpenPart(d.partPath(0))
	if err != nil {
		t.Fatal(err)
	}
	defer part.Close()
	if len(part.groups) < 3 {
		t.Fatalf("%d row groups", len(part.groups))
	}
	for _, g := range part.groups {
		if g.NumRows() > 2000/(8*4+rowOverhead) {
			t.Errorf("row group of %d rows", g.NumRows())
		}
	}
	rows, err := readRows(d.partPath(0))
	if err != nil || len(rows) != 40 || rows[39].Values[7] != d.rows[39].Values[7] {
		t.Fatal(len(rows), err)
	}
}

func TestPartBytesDependOnRowsOnly(t *testing.T) {
	a, b := newDataSet(t, 100, 700, Float32), newDataSet(t, 100, 700, Float32)
	for i := range a.blocks {
		a.writePart(t, i, 1)
		b.writePart(t, i, 100)
		if !bytes.Equal(readFile(t, a.partPath(i)), readFile(t, b.partPath(i))) {
			t.Fatalf("part %d differs", i)
		}
	}
}

func TestPartFileLayout(t *testing.T) {
	d := newDataSet(t, 40, 8, Float16)
	d.writePart(t, 0, 100)
	content := readFile(t, d.partPath(0))
	f, err := parquet.OpenFile(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	var columns []string
	for _, c := range f.Schema().Columns() {
		columns = append(columns, strings.Join(c, "."))
	}
	mustEqual(t, columns, []string{"ordinal", "id", "description", "file", "byte_offset", "length", "residues", "unknown",
		"truncated", "md5", "embedding.list.element"})
	for _, e := range f.Metadata().Schema[1:] {
		if want := int32(0); e.Name != "list" && int32(e.RepetitionType.V) != want {
			t.Errorf("%s is not required", e.Name)
		}
		if e.Name == "element" && e.LogicalType.String() != "FLOAT16" {
			t.Errorf("element is %s", e.LogicalType.String())
		}
	}
	embedding := f.Metadata().RowGroups[0].Columns[numRecordColumns].MetaData
	if embedding.DictionaryPageOffset != 0 || embedding.Codec != 0 || embedding.Statistics.MaxValue != nil {
		t.Errorf("embedding column: %+v", embedding)
	}
	for _, stats := range embedding.EncodingStats {
		if stats.PageType != format.DataPage { // version 1
			t.Errorf("page type %v", stats.PageType)
		}
	}
	index := f.ColumnIndexes()[numRecordColumns]
	if len(index.NullPages) == 0 {
		t.Error("no page in the column index")
	}
	for i := range index.NullPages {
		low, high := binary.LittleEndian.Uint16(index.MinValues[i]), binary.LittleEndian.Uint16(index.MaxValues[i])
		if index.NullPages[i] || !math.IsInf(float64(fromFloat16(low)), -1) || !math.IsInf(float64(fromFloat16(high)), 1) {
			t.Errorf("bounds of page %d: %04x to %04x", i, low, high)
		}
	}
	single := newElementType(Float32)
	low, high := binary.LittleEndian.Uint32(single.low), binary.LittleEndian.Uint32(single.high)
	if !math.IsInf(float64(math.Float32frombits(low)), -1) || !math.IsInf(float64(math.Float32frombits(high)), 1) {
		t.Errorf("bounds of float32: %08x to %08x", low, high)
	}
}

func TestArrowSchema(t *testing.T) {
	for dtype, precision := range map[DType]int16{Float32: arrowSingle, Float16: arrowHalf} {
		columns := embedding(1280)
		framed, err := base64.StdEncoding.DecodeString(arrowSchema(dtype, columns))
		if err != nil {
			t.Fatal(err)
		}
		if len(framed)%8 != 0 || binary.LittleEndian.Uint32(framed) != 0xffffffff || int(binary.LittleEndian.Uint32(framed[4:])) != len(framed)-8 {
			t.Fatalf("frame % x, %d bytes", framed[:8], len(framed))
		}
		message := rootTable(framed[8:])
		if v := message.GetInt16Slot(slot(arrowMessageVersion), 0); v != arrowV5 {
			t.Errorf("metadata version %d", v)
		}
		schema := below(message, arrowMessageHeader)
		fields := children(schema, arrowSchemaFields)
		if len(fields) != numRecordColumns+1 {
			t.Fatalf("%d fields", len(fields))
		}
		for i, field := range fields {
			if name := string(field.ByteVector(flatbuffers.UOffsetT(field.Offset(slot(arrowFieldName))) + field.Pos)); name != slices.Concat(recordColumns, []string{"embedding"})[i] {
				t.Errorf("field %d is %q", i, name)
			}
			if field.Offset(slot(1)) != 0 {
				t.Errorf("field %d is nullable", i)
			}
		}
		embedding := fields[numRecordColumns]
		if kind := embedding.GetByteSlot(slot(arrowFieldType), 0); kind != arrowFixedSizeList {
			t.Errorf("embedding has type %d", kind)
		}
		list := below(embedding, arrowFieldTypeData)
		if n := list.GetInt32Slot(slot(0), 0); n != 1280 {
			t.Errorf("list of %d", n)
		}
		element := children(embedding, arrowFieldChildren)[0]
		float := below(element, arrowFieldTypeData)
		if p := float.GetInt16Slot(slot(0), 0); p != precision {
			t.Errorf("%s has precision %d", dtype, p)
		}
	}
}

func slot(n int) flatbuffers.VOffsetT { return flatbuffers.VOffsetT(4 + 2*n) }

func rootTable(b []byte) flatbuffers.Table {
	return flatbuffers.Table{Bytes: b, Pos: flatbuffers.GetUOffsetT(b)}
}

func below(t flatbuffers.Table, n int) flatbuffers.Table {
	var u flatbuffers.Table
	t.Union(&u, flatbuffers.UOffsetT(t.Offset(slot(n))))
	return u
}

func children(t flatbuffers.Table, n int) []flatbuffers.Table {
	o := flatbuffers.UOffsetT(t.Offset(slot(n)))
	var list []flatbuffers.Table
	for i := range t.VectorLen(o) {
		list = append(list, flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(t.Vector(o) + flatbuffers.UOffsetT(4*i))})
	}
	return list
}

func TestAppendRefusesWhatIsNoData(t *testing.T) {
	inf, nan := float32(math.Inf(-1)), float32(math.NaN())
	for _, c := range []struct {
		name      string
		dtype     DType
		embedding []float32
		ok        bool
	}{
		{"finite", Float32, []float32{0, math.MaxFloat32}, true},
		{"nan", Float32, []float32{0, nan}, false},
		{"inf", Float32, []float32{inf, 0}, false},
		{"narrow", Float32, []float32{0}, false},
		{"wide", Float32, []float32{0, 0, 0}, false},
		{"largest half", Float16, []float32{0, 65504}, true},
		{"beyond half", Float16, []float32{0, 65520}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDataSet(t, 10, 2, c.dtype)
			info := d.infos[0]
			info.Items = 1
			w, err := CreatePart(d.dir, info)
			if err != nil {
				t.Fatal(err)
			}
			err = w.Append([]Row{{Ordinal: 77, ID: "theone", Values: c.embedding}})
			if c.ok {
				if err != nil || w.Publish(nil) != nil {
					t.Fatal(err)
				}
				return
			}
			if !errors.Is(err, ErrInvalidRow) || !strings.Contains(err.Error(), "theone") {
				t.Fatalf("error %v", err)
			}
			if err := w.Publish([]Skip{{Ordinal: 77}}); !errors.Is(err, ErrInvalidRow) {
				t.Fatalf("published: %v", err)
			}
			mustEqual(t, names(t, d.dir.Embeddings()), []string{})
			mustEqual(t, names(t, d.dir.Tmp()), []string{})
		})
	}
}

func TestPublishAccountsForEveryRecord(t *testing.T) {
	d := newDataSet(t, 40, 4, Float32)
	for _, skips := range [][]Skip{nil, {{}, {}, {}}} {
		w, err := CreatePart(d.dir, d.infos[0]) // of 16 records
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Append(d.rows[:14]); err != nil {
			t.Fatal(err)
		}
		if err := w.Publish(skips); !errors.Is(err, ErrUnaccounted) {
			t.Fatalf("%d skips: %v", len(skips), err)
		}
	}
	mustEqual(t, names(t, d.dir.Embeddings()), []string{})
	mustEqual(t, names(t, d.dir.Tmp()), []string{})
}

func TestPublishReplacesOlderPart(t *testing.T) {
	d := newDataSet(t, 40, 4, Float32)
	d.writePart(t, 0, 9)
	before, err := readRows(d.partPath(0))
	if err != nil {
		t.Fatal(err)
	}
	d.skips = nil
	d.writePart(t, 0, 9)
	after, err := readRows(d.partPath(0))
	if err != nil {
		t.Fatal(err)
	}
	if len(before) >= len(after) || len(after) != 16 {
		t.Fatalf("%d rows, then %d", len(before), len(after))
	}
}

func TestPartOfSkipsOnly(t *testing.T) {
	d := newDataSet(t, 10, 4, Float32)
	d.skips = nil
	for _, n := range d.blocks[0].Ordinals {
		d.skips = append(d.skips, Skip{Ordinal: n, Reason: SkipFailed, Detail: "broke \xfe"})
	}
	d.writePart(t, 0, 1)
	part, err := OpenPart(d.partPath(0))
	if err != nil {
		t.Fatal(err)
	}
	defer part.Close()
	if rows, err := readRows(d.partPath(0)); err != nil || len(rows) != 0 {
		t.Fatal(rows, err)
	}
	if len(part.Info.Skips) != 5 || part.Info.Skips[0].Detail != `broke \xfe` || part.Info.Skips[0].Ordinal > part.Info.Skips[1].Ordinal {
		t.Fatalf("%+v", part.Info.Skips)
	}
}

// A damaged part is an error that names the file, or the damage is where it cannot change a row.
func TestDamagedPart(t *testing.T) {
	t.Parallel()
	d := newDataSet(t, 30, 6, Float32)
	d.writePart(t, 0, 100)
	good, err := readRows(d.partPath(0))
	if err != nil {
		t.Fatal(err)
	}
	content := readFile(t, d.partPath(0))
	const path = "OUT/embeddings/the.parquet"
	read := func(content []byte) ([]Row, error) {
		part, err := newPart(path, bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return nil, err
		}
		return partRows(part)
	}
	try := func(what string, at int, damaged []byte) (failed bool) {
		rows, err := read(damaged)
		if err != nil {
			if !errors.Is(err, ErrCorruptPart) && !errors.Is(err, ErrNotPart) && !errors.Is(err, ErrPartVersion) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s at %d: %v", what, at, err)
			}
			return true
		}
		if !reflect.DeepEqual(rows, good) {
			t.Errorf("%s at %d: other rows without an error", what, at)
		}
		return false
	}
	caught := 0
	for at := 0; at < len(content); at += 1 + at%9 {
		damaged := slices.Clone(content)
		damaged[at] ^= 1 << (at % 8)
		if try("flip", at, damaged) {
			caught++
		}
	}
	if caught < len(content)/15 {
		t.Errorf("%d of %d flips caught", caught, len(content))
	}
	for at := 0; at < len(content); at += 31 {
		if !try("cut", at, content[:at]) {
			t.Errorf("cut at %d not noticed", at)
		}
	}
}

// A part whose rows are not what its metadata say.
func TestContradictoryPart(t *testing.T) {
	for name, lie := range map[string]func(*PartWriter){
		"rows":      func(w *PartWriter) { w.written, w.info.Items = 13, 13 },
		"dimension": func(w *PartWriter) { w.info.Columns = embedding(3) },
		"dtype":     func(w *PartWriter) { w.info.DType = Float16 },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDataSet(t, 40, 6, Float32)
			w, err := CreatePart(d.dir, d.infos[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Append(d.rows[:16]); err != nil {
				t.Fatal(err)
			}
			lie(w)
			if err := w.Publish(nil); err != nil {
				t.Fatal(err)
			}
			if rows, err := readRows(d.partPath(0)); !errors.Is(err, ErrCorruptPart) {
				t.Fatal(len(rows), err)
			}
		})
	}
}

func TestOtherVersionOfPart(t *testing.T) {
	if _, err := decodeInfo("p", `{"version":4,"items":"other"}`); !errors.Is(err, ErrPartVersion) {
		t.Fatal(err)
	}
}

func TestForeignParquetFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := parquet.WriteFile(path, []struct{ A int }{{1}}); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenPart(path); !errors.Is(err, ErrNotPart) {
		t.Fatal(err)
	}
}

func FuzzParsePartName(f *testing.F) {
	f.Add("part-r00001-of-00002-b000003.parquet")
	f.Add("part-r123456-of-1234567-b12345678.parquet")
	f.Add("part-r00002-of-00002-b000003.parquet")
	f.Add("part-r1-of-2-b3.parquet")
	f.Add("part-r+0001-of-00002-b000003.parquet")
	f.Fuzz(func(t *testing.T, name string) {
		if id, ok := ParsePartName(name); ok && (id.Name() != name || id.Rank >= id.World) {
			t.Fatalf("%q read as %v", name, id)
		}
	})
}

func TestParsePartName(t *testing.T) {
	for _, id := range []PartID{{0, 1, 0}, {1, 2, 3}, {123456, 1234567, 12345678}} {
		if got, ok := ParsePartName(id.Name()); !ok || got != id {
			t.Errorf("%s: %v %v", id.Name(), got, ok)
		}
	}
	for _, name := range []string{"", "part-r00002-of-00002-b000003.parquet", "part-r1-of-2-b3.parquet",
		"part-r00000-of-00002-b000003.parquet.tmp", "part-r000000-of-00002-b000003.parquet"} {
		if id, ok := ParsePartName(name); ok {
			t.Errorf("%s: %v", name, id)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, dtype := range []DType{Float32, Float16} {
		b.Run(string(dtype), func(b *testing.B) {
			d := newDataSet(b, 64, 1280, dtype)
			info := d.infos[0]
			info.Items = 20000
			b.SetBytes(20000 * int64(info.Columns.Width()*dtype.Size()))
			for b.Loop() {
				w, err := CreatePart(d.dir, info)
				if err != nil {
					b.Fatal(err)
				}
				for n := 0; n < 20000; n += 50 {
					if err := w.Append(d.rows[:50]); err != nil {
						b.Fatal(err)
					}
				}
				if err := w.Publish(nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*20000/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
