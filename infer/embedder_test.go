package infer

import (
	"context"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"longfirst/index"
	"longfirst/infer/esm2"
	"longfirst/infer/output"
)

func none(int64) (string, bool) { return "", false }

// embedAll returns the rows of a range by ordinal, and the skips.
func embedAll(t *testing.T, e *Embedder, r index.Range, refuse func(int64) (string, bool)) (map[int64]output.Row, []output.Skip) {
	t.Helper()
	rows := make(map[int64]output.Row)
	var skips []output.Skip
	err := e.Embed(context.Background(), r, refuse, func(b *Batch) error {
		for _, row := range b.Rows {
			row.Values = slices.Clone(row.Values)
			rows[row.Ordinal] = row
		}
		skips = append(skips, b.Skips...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, skips
}

// TestBatchMatesDoNotShow embeds records alone, packed, and with another number of threads: bit for bit the same.
func TestBatchMatesDoNotShow(t *testing.T) {
	x := buildIndex(t, manyRecords(60, 1))
	all := index.Share(x.Len(), 0, 1)
	alone, _ := embedAll(t, newEmbedder(t, x, 1, 1, 0), all, none)
	for _, c := range []struct{ threads, budget int }{{1, 512}, {2, 700}, {3, 100000}} {
		packed, _ := embedAll(t, newEmbedder(t, x, c.threads, c.budget, 0), all, none)
		if len(packed) != len(alone) || len(packed) != int(x.Len()) {
			t.Fatalf("%d rows packed, %d alone, %d records", len(packed), len(alone), x.Len())
		}
		for ordinal, row := range packed {
			for d, v := range row.Values {
				if math.Float32bits(v) != math.Float32bits(alone[ordinal].Values[d]) {
					t.Fatalf("%d threads, budget %d: record %s, dimension %d is %v, alone %v", c.threads, c.budget, row.ID, d, v, alone[ordinal].Values[d])
				}
			}
		}
	}
}

func TestRowsDescribeTheirRecords(t *testing.T) {
	x := buildIndex(t, ">a first of two\nMKv\nAL*\n>empty\n>b\xff \tsecond\nMJ-K\n>gaps\n--\n>a\nMKVALMKVAL\n")
	rows, skips := embedAll(t, newEmbedder(t, x, 1, 64, 8), index.Share(x.Len(), 0, 1), none)
	path := x.Files()[0].Path
	digest := func(s string) string {
		sum := md5.Sum([]byte(s))
		return hex.EncodeToString(sum[:])
	}
	for _, want := range []output.Row{
		{Ordinal: 0, ID: "a", Description: "first of two", Length: 6, Residues: 5, MD5: digest("MKVAL*")},
		{Ordinal: 2, ID: "b\xff", Description: "second", Length: 4, Residues: 3, Unknown: 1, MD5: digest("MJ-K")},
		{Ordinal: 4, ID: "a", Length: 10, Residues: 8, Truncated: 2, MD5: digest("MKVALMKVAL")},
	} {
		got := rows[want.Ordinal]
		if len(got.Values) != 32 {
			t.Errorf("record %d has %d values", want.Ordinal, len(got.Values))
		}
		if got.ID != want.ID || got.Description != want.Description || got.Length != want.Length || got.Residues != want.Residues ||
			got.Unknown != want.Unknown || got.Truncated != want.Truncated || got.MD5 != want.MD5 || got.File != path {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	if len(rows) != 3 || len(skips) != 2 {
		t.Fatalf("%d rows, %d skips", len(rows), len(skips))
	}
	for _, s := range skips {
		if s.Reason != output.SkipEmpty || s.ID != "empty" && s.ID != "gaps" {
			t.Errorf("skip %+v", s)
		}
	}
}

func TestRefusedRecordsAreSkippedWithTheirReason(t *testing.T) {
	x := buildIndex(t, manyRecords(10, 1))
	refuse := func(position int64) (string, bool) { return "of the reason", position == 3 }
	rows, skips := embedAll(t, newEmbedder(t, x, 1, 512, 0), index.Share(x.Len(), 0, 1), refuse)
	if len(rows) != 9 || len(skips) != 1 || skips[0].Position != 3 || skips[0].Reason != output.SkipFailed || skips[0].Detail != "of the reason" {
		t.Errorf("%d rows, skips %+v", len(rows), skips)
	}
	if _, there := rows[skips[0].Ordinal]; there {
		t.Error("the refused record has a row")
	}
}

func TestEmbedStopsWhenEmitFails(t *testing.T) {
	x := buildIndex(t, manyRecords(50, 1))
	e := newEmbedder(t, x, 1, 64, 0)
	calls := 0
	err := e.Embed(context.Background(), index.Share(x.Len(), 0, 1), none, func(*Batch) error {
		calls++
		return context.DeadlineExceeded
	})
	if err != context.DeadlineExceeded || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := e.Embed(ctx, index.Share(x.Len(), 0, 1), none, func(*Batch) error { return nil }); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

func TestDrop(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	b := newBatch()
	for i, row := range [][]float32{{math.SmallestNonzeroFloat32, -math.MaxFloat32}, {0, nan}, {-65519, 65504}, {inf, nan}, {1, 65520}} {
		b.Rows = append(b.Rows, output.Row{Ordinal: int64(i), Values: row})
		b.positions = append(b.positions, int64(10+i))
	}
	columns := output.Columns{output.NewColumn(output.PoolMean, 6, 6, 2)}
	positions := func() (list []int64) {
		for _, s := range b.Skips {
			if s.Reason != output.SkipFailed || s.Position != 10+s.Ordinal {
				t.Errorf("skip %+v", s)
			}
			list = append(list, s.Position)
		}
		return list
	}
	if n := b.Drop(columns, output.Float32); n != 2 || !slices.Equal(positions(), []int64{11, 13}) {
		t.Errorf("%d dropped, %v", n, b.Skips)
	}
	if n := b.Drop(columns, output.Float16); n != 2 || !slices.Equal(positions(), []int64{11, 13, 10, 14}) {
		t.Errorf("%d more dropped, %v", n, b.Skips)
	}
	if len(b.Rows) != 1 || b.Rows[0].Ordinal != 2 || !slices.Equal(b.positions, []int64{12}) {
		t.Errorf("left are %+v at %v", b.Rows, b.positions)
	}
}

func TestLargestDifference(t *testing.T) {
	if got := LargestDifference([]float32{1, -4}, []float32{1, -3}); got != 0.25 {
		t.Errorf("got %v", got)
	}
	if got := LargestDifference([]float32{0}, []float32{0}); got != 0 {
		t.Errorf("zeros: %v", got)
	}
}

// TestWeightsThatAreNoNumbersAreNamed: a NaN in a matrix spoils every row, which is not the records' fault.
func TestWeightsThatAreNoNumbersAreNamed(t *testing.T) {
	const name = "encoder.layer.1.output.dense.weight"
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(tinyModel(t))); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "model.safetensors")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	size := binary.LittleEndian.Uint64(file)
	var header map[string]struct {
		Offsets []uint64 `json:"data_offsets"`
	}
	if err := json.Unmarshal(file[8:8+size], &header); err != nil {
		t.Fatal(err)
	}
	binary.LittleEndian.PutUint32(file[8+size+header[name].Offsets[0]:], math.Float32bits(float32(math.NaN())))
	if err := os.WriteFile(path, file, 0o666); err != nil {
		t.Fatal(err)
	}
	x := buildIndex(t, manyRecords(5, 1))
	e := newEmbedderOf(t, dir, x, 1, 512, 0)
	err = e.Embed(context.Background(), index.Share(x.Len(), 0, 1), none, func(*Batch) error { return nil })
	if !errors.Is(err, esm2.ErrWeights) || !strings.Contains(err.Error(), name) {
		t.Errorf("got %v", err)
	}
}
