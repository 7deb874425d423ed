package infer

import (
	"context"
	"errors"
	"testing"

	"longfirst/index"
	"longfirst/infer/output"
)

// TestCheckOriginFindsRowsOfSomethingElse writes parts whose rows are sound but for one thing.
func TestCheckOriginFindsRowsOfSomethingElse(t *testing.T) {
	x := buildIndex(t, manyRecords(20, 1))
	e := newEmbedder(t, x, 1, 512, 0)
	block := index.Share(x.Len(), 0, 2)
	for name, c := range map[string]struct {
		change func(*output.Row)
		sound  bool
	}{
		"nothing": {func(*output.Row) {}, true},
		"id":      {func(r *output.Row) { r.ID += "x" }, false},
		"place":   {func(r *output.Row) { r.ByteOffset++ }, false},
		"length":  {func(r *output.Row) { r.Length++ }, false},
		"digest":  {func(r *output.Row) { r.MD5 = "0" + r.MD5[1:] + "0" }, false},
	} {
		dir := output.Dir(t.TempDir())
		if err := dir.Create(); err != nil {
			t.Fatal(err)
		}
		id := output.PartID{Rank: 0, World: 2, Block: 0}
		w, err := output.CreatePart(dir, output.PartInfo{PartID: id, Items: block.Len(), DType: output.Float32, Columns: e.collector.columns})
		if err != nil {
			t.Fatal(err)
		}
		rows, skips := embedAll(t, e, block, none)
		for ordinal, row := range rows {
			if ordinal == last(rows) {
				c.change(&row)
			}
			if err := w.Append([]output.Row{row}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Publish(skips); err != nil {
			t.Fatal(err)
		}
		part, err := output.OpenPart(dir.Part(id))
		if err != nil {
			t.Fatal(err)
		}
		sources := NewSources(x)
		err = sources.CheckOrigin(context.Background(), block, part)
		if (err == nil) != c.sound || !c.sound && !errors.Is(err, ErrOrigin) {
			t.Errorf("another %s: %v", name, err)
		}
		part.Close()
		sources.Close()
	}
}

// last returns the largest ordinal.
func last(rows map[int64]output.Row) (largest int64) {
	for ordinal := range rows {
		if ordinal > largest {
			largest = ordinal
		}
	}
	return largest
}
