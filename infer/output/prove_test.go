package output

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProveComplete(t *testing.T) {
	d := newDataSet(t, 100, 4, Float32)
	d.write(t)
	proof := d.prove(t)
	if err := proof.Err(); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, proof, Proof{Records: 100, Embedded: 91, Empty: 9, Skips: proof.Skips, Classes: map[string]int64{"cpu fp32 go v1": 91}})
	mustEqual(t, len(proof.Skips), 9)
	for _, target := range []string{d.infos[0].Name(), "_SUCCESS"} { // of a killed writer, of another supervisor
		left, err := d.dir.createTemporary(target)
		if err != nil {
			t.Fatal(err)
		}
		left.Close()
	}
	if err := WriteSuccess(d.dir, proof); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, string(readFile(t, d.dir.Success())), `{"records":100,"embedded":91,"empty":9}`+"\n")
	if left := names(t, d.dir.Tmp()); len(left) != 1 || !strings.HasPrefix(left[0], "_SUCCESS~") {
		t.Fatal(left)
	}
}

func TestProveFindsFaults(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, d *dataSet)
		check func(p Proof) bool
		text  string // of the first problem
	}{
		{"missing part", func(t *testing.T, d *dataSet) { os.Remove(d.partPath(2)) },
			func(p Proof) bool { return len(p.Missing) == 1 && p.Missing[0] == PartID{0, 2, 2} }, ""},
		{"failed record", func(t *testing.T, d *dataSet) {
			d.skips[3].Reason = SkipFailed
			for i := range d.blocks {
				d.writePart(t, i, 9)
			}
		}, func(p Proof) bool { return p.Failed == 1 && p.Empty == 8 }, ""},
		{"record twice", func(t *testing.T, d *dataSet) {
			b := d.blocks[1].Ordinals
			b[0] = b[1]
			d.writePart(t, 1, 9)
			b[0] = b[1] + 2
		}, nil, "is there twice"},
		{"record of another block", func(t *testing.T, d *dataSet) {
			b := d.blocks[1].Ordinals
			b[0], d.blocks[0].Ordinals[0] = d.blocks[0].Ordinals[0], b[0]
			d.writePart(t, 1, 9)
			b[0], d.blocks[0].Ordinals[0] = d.blocks[0].Ordinals[0], b[0]
		}, nil, "is missing"},
		{"record too many", func(t *testing.T, d *dataSet) {
			d.blocks[1].Ordinals[len(d.blocks[1].Ordinals)-1] = 99
		}, nil, "belongs to another block"},
		{"part too many", func(t *testing.T, d *dataSet) {
			d.infos[0].Block, d.infos[0].Rank = 99, 1
			d.writePart(t, 0, 9)
		}, nil, "no block of the index"},
		{"renamed part", func(t *testing.T, d *dataSet) { os.Rename(d.partPath(1), d.partPath(2)) },
			func(p Proof) bool { return len(p.Missing) == 1 && len(p.Problems) == 1 }, "block is rank 0 of 2, block 1, want rank 0 of 2, block 2"},
		{"truncated part", func(t *testing.T, d *dataSet) { os.Truncate(d.partPath(1), 700) }, nil, "corrupt part"},
		{"other index", func(t *testing.T, d *dataSet) { d.infos[1].IndexDigest = "99"; d.writePart(t, 1, 9) }, nil, "index digest is 99"},
		{"other model", func(t *testing.T, d *dataSet) { d.infos[1].ModelDigest = "98"; d.writePart(t, 1, 9) }, nil, "model digest is 98"},
		{"other layer", func(t *testing.T, d *dataSet) {
			d.infos[1].Columns = Columns{NewColumn(PoolMean, 2, 6, d.infos[1].Columns[0].Width)}
			d.writePart(t, 1, 9)
		}, nil, "mean_l2"},
		{"other first item", func(t *testing.T, d *dataSet) { d.infos[1].FirstItem = 3; d.writePart(t, 1, 9) }, nil, "first item is 3"},
		{"other dtype", func(t *testing.T, d *dataSet) { d.infos[1].DType = Float16; d.writePart(t, 1, 9) }, nil, "element type is float16"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDataSet(t, 100, 4, Float32)
			d.write(t)
			if err := WriteSuccess(d.dir, d.prove(t)); err != nil {
				t.Fatal(err)
			}
			c.spoil(t, d)
			proof := d.prove(t)
			if proof.Complete() {
				t.Fatal("complete")
			}
			if c.check != nil && !c.check(proof) {
				t.Fatalf("%+v", proof)
			}
			if c.text != "" && (len(proof.Problems) != 1 || !strings.Contains(proof.Problems[0].Err.Error(), c.text) ||
				!strings.Contains(proof.Problems[0].Err.Error(), d.dir.Embeddings())) {
				t.Fatalf("%v", proof.Problems)
			}
			if err := WriteSuccess(d.dir, proof); !errors.Is(err, ErrIncomplete) {
				t.Fatal(err)
			}
			if _, err := os.Stat(d.dir.Success()); !os.IsNotExist(err) {
				t.Fatalf("_SUCCESS stands: %v", err)
			}
		})
	}
}

func TestProveCountsClassesAndForeignFiles(t *testing.T) {
	d := newDataSet(t, 100, 4, Float32)
	d.infos[1].NumericClass = "cuda bf16"
	d.write(t)
	foreign := filepath.Join(d.dir.Embeddings(), "x")
	if err := os.WriteFile(foreign, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	proof := d.prove(t)
	if !proof.Complete() || len(proof.Classes) != 2 || proof.Classes["cuda bf16"] == 0 {
		t.Fatalf("%+v", proof)
	}
	mustEqual(t, proof.Foreign, []string{foreign})
}

func TestProveStopsOnErrorsOfTheIndex(t *testing.T) {
	d := newDataSet(t, 100, 4, Float32)
	d.write(t)
	broken := errors.New("broken page")
	_, err := Prove(context.Background(), d.dir, d.manifest, func(yield func(Block, error) bool) {
		if yield(d.blocks[0], nil) {
			yield(Block{}, broken)
		}
	}, false)
	if err != broken {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Prove(ctx, d.dir, d.manifest, d.expected(), false); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestWriteSkipped(t *testing.T) {
	dir := Dir(t.TempDir())
	if err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	if err := WriteSkipped(dir, []Skip{
		{Ordinal: 7, ID: "b", File: "x.fa", ByteOffset: 70, Length: 3, Reason: SkipFailed, Detail: "line\nfeed"},
		{Ordinal: 2, ID: `"a`, File: "x.fa", ByteOffset: 20, Reason: SkipEmpty},
	}); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, string(readFile(t, dir.Skipped())), "ordinal\tid\tfile\tbyte_offset\tlength\treason\tdetail\n"+
		"2\t\"\"\"a\"\tx.fa\t20\t0\tempty\t\n"+
		"7\tb\tx.fa\t70\t3\tfailed\tline\\nfeed\n")
}
