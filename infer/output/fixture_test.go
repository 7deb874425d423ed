package output

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// dataSet is a small data set: records dealt out to two shares, cut into blocks, some without a row.
type dataSet struct {
	dir      Dir
	manifest Manifest
	rows     []Row // by ordinal
	skips    []Skip
	blocks   []Block
	infos    []PartInfo
}

// embedding is the column of a data set of which nothing else was asked.
func embedding(dimension int) Columns { return Columns{NewColumn(PoolMean, 6, 6, dimension)} }

// manyColumns are two columns in rows around two in arrays, and a number.
func manyColumns(dimension int) Columns {
	return Columns{NewColumn(PoolMean, 6, 6, dimension), NewColumn(PoolPerResidue, 6, 6, dimension),
		NewColumn(PoolCLS, 3, 6, dimension), NewColumn(PoolPerResidue, 0, 6, dimension), NewColumn(PoolPerplexity, 6, 6, 1)}
}

// newDataSet makes records and blocks up; nothing is written.
func newDataSet(t testing.TB, records, dimension int, dtype DType) *dataSet {
	t.Helper()
	return newDataSetOf(t, records, embedding(dimension), dtype)
}

func newDataSetOf(t testing.TB, records int, columns Columns, dtype DType) *dataSet {
	t.Helper()
	dimension := columns[0].Width
	d := &dataSet{dir: Dir(t.TempDir()), manifest: Manifest{
		Program:      "longfirst 0.0.1",
		Index:        IndexSummary{Digest: strings.Repeat("1d", 32), Records: int64(records), Residues: 12345, Longest: 600},
		Model:        ModelSummary{Digest: strings.Repeat("3e", 32), Architecture: "ESM-2", Layers: 6, HiddenSize: dimension, Heads: 4, Parameters: 7500000},
		Options:      ContentOptions{MaxLength: 1024, Gaps: "drop", Columns: columns, DType: dtype},
		NumericClass: "cpu fp32 go v1",
		WorldSize:    2,
		Blocks:       BlockRule{Rule: "flops", Figures: map[string]int64{"target": 1000, "most": 20}},
	}}
	if err := d.dir.Create(); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	descriptions := []string{"", "tab\there", `"begins with a quote`, `5' "in" the middle`, "OS=Homo sapiens"}
	headers := []string{"sp|P1|A", "bad\xffbyte", `"quoted" id`, "naïve", "twice", "twice", `plain\xff`}
	numbers := func(n int) []float32 {
		values := make([]float32, n)
		for j := range values {
			values[j] = fromFloat16(toFloat16(float32(rng.NormFloat64())))
			if dtype == Float32 {
				values[j] = float32(rng.NormFloat64())
			}
		}
		return values
	}
	for i := range records {
		id := headers[i%len(headers)]
		if i >= len(headers) {
			id = fmt.Sprintf("%s.%d", id, i)
		}
		row := Row{
			Ordinal: int64(i), ID: id, Description: descriptions[i%len(descriptions)], File: fmt.Sprintf("/data/%d.fa", i%3),
			ByteOffset: int64(i) * 700, Length: int64(i), Residues: int64(i % 50), Unknown: int64(i % 4), Truncated: int64(i % 7),
			MD5: fmt.Sprintf("%032x", i), Values: numbers(columns.InRows().Width()),
		}
		for _, c := range columns.InArrays() {
			row.PerResidue = append(row.PerResidue, numbers(int(row.Residues)*c.Width))
		}
		d.rows = append(d.rows, row)
	}
	// Records come longest first: position p is ordinal records-1-p. Every 11th is empty.
	const perBlock = 16
	for rank := range 2 {
		var share []int64
		for p := rank; p < records; p += 2 {
			share = append(share, int64(records-1-p))
		}
		for first := 0; first < len(share); first += perBlock {
			items := share[first:min(first+perBlock, len(share))]
			id := PartID{Rank: rank, World: 2, Block: first / perBlock}
			d.blocks = append(d.blocks, Block{PartID: id, FirstItem: int64(first), Ordinals: items})
			d.infos = append(d.infos, PartInfo{
				PartID: id, FirstItem: int64(first), Items: int64(len(items)),
				IndexDigest: d.manifest.Index.Digest, ModelDigest: d.manifest.Model.Digest, NumericClass: d.manifest.NumericClass,
				Columns: columns, DType: dtype, Program: d.manifest.Program,
			})
		}
	}
	for i := 5; i < records; i += 11 {
		r := d.rows[i]
		d.skips = append(d.skips, Skip{Ordinal: r.Ordinal, Position: int64(records-1) - r.Ordinal, ID: r.ID, File: r.File,
			ByteOffset: r.ByteOffset, Length: r.Length, Reason: SkipEmpty})
	}
	return d
}

// skip returns the record's skip.
func (d *dataSet) skip(ordinal int64) (Skip, bool) {
	for _, s := range d.skips {
		if s.Ordinal == ordinal {
			return s, true
		}
	}
	return Skip{}, false
}

// embedded returns the rows the data set must hold, by ordinal, as they read back.
func (d *dataSet) embedded() []Row {
	var rows []Row
	for _, r := range d.rows {
		if _, skipped := d.skip(r.Ordinal); !skipped {
			r.ID, r.Description, r.File = Text(r.ID), Text(r.Description), Text(r.File)
			rows = append(rows, r)
		}
	}
	return rows
}

// writePart writes block i, its rows in calls of Append of at most batch.
func (d *dataSet) writePart(t testing.TB, i, batch int) {
	t.Helper()
	w, err := CreatePart(d.dir, d.infos[i])
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	var skips []Skip
	for _, ordinal := range d.blocks[i].Ordinals {
		if s, ok := d.skip(ordinal); ok {
			skips = append(skips, s)
		} else {
			rows = append(rows, d.rows[ordinal])
		}
	}
	for len(rows) > 0 {
		n := min(batch, len(rows))
		if err := w.Append(rows[:n]); err != nil {
			t.Fatal(err)
		}
		rows = rows[n:]
	}
	if err := w.Publish(skips); err != nil {
		t.Fatal(err)
	}
}

// write writes manifest and parts.
func (d *dataSet) write(t testing.TB) {
	t.Helper()
	if _, created, err := CreateManifest(d.dir, d.manifest); err != nil || !created {
		t.Fatal(created, err)
	}
	for i := range d.blocks {
		d.writePart(t, i, 5)
	}
}

func (d *dataSet) expected() iter.Seq2[Block, error] {
	return func(yield func(Block, error) bool) {
		for _, b := range d.blocks {
			if !yield(b, nil) {
				return
			}
		}
	}
}

func (d *dataSet) prove(t testing.TB) Proof {
	t.Helper()
	proof, err := Prove(context.Background(), d.dir, d.manifest, d.expected(), false)
	if err != nil {
		t.Fatal(err)
	}
	return proof
}

func (d *dataSet) partPath(i int) string { return d.dir.Part(d.infos[i].PartID) }

// readRows reads a part's rows, each with its own values, those of arrays included.
func readRows(path string) ([]Row, error) {
	part, err := OpenPart(path)
	if err != nil {
		return nil, err
	}
	defer part.Close()
	return partRows(part)
}

func partRows(part *Part) ([]Row, error) {
	var rows []Row
	for row, err := range part.Rows() {
		if err != nil {
			return rows, err
		}
		r := *row
		r.Values, r.Offsets = append([]float32(nil), row.Values...), nil
		for i, c := range part.Info.Columns.InArrays() {
			values, err := readArray(part, c, row.Offsets[i], row.Residues)
			if err != nil {
				return rows, err
			}
			r.PerResidue = append(r.PerResidue, values)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func readArray(part *Part, c Column, offset, n int64) ([]float32, error) {
	array, err := part.OpenArray(c)
	if err != nil {
		return nil, err
	}
	defer array.Close()
	return array.Read(offset, n)
}

func mustEqual(t testing.TB, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func names(t testing.TB, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	list := []string{}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}
