package infer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"longfirst/index"
	"longfirst/infer/backend"
	"longfirst/infer/cpu"
	"longfirst/infer/esm2"
	"longfirst/infer/output"
	"longfirst/infer/safetensors"
)

func TestChooseColumns(t *testing.T) {
	config := esm2.Config{Layers: 12, HiddenSize: 5}
	for _, c := range []struct {
		pools  string
		layers []int
		want   string
	}{
		{"mean", []int{-1}, "embedding"},
		{"std,mean,cls", []int{12}, "embedding, cls, std"},
		{"cls,mean", []int{6, 12, -1, 6}, "embedding, cls, mean_l6, cls_l6"},
		{"per-residue,max", []int{-13, -2}, "max_l0, per_residue_l0, max_l11, per_residue_l11"},
	} {
		columns, err := ChooseColumns(config, poolsOf(c.pools), c.layers)
		if err != nil || columns.String() != c.want || columns[0].Width != 5 {
			t.Errorf("%s of %v: %v, %v", c.pools, c.layers, columns, err)
		}
	}
	for _, layer := range []int{13, -14} {
		if _, err := ChooseColumns(config, poolsOf("mean"), []int{layer}); !errors.Is(err, ErrLayer) {
			t.Errorf("layer %d: %v", layer, err)
		}
	}
	if _, err := ChooseColumns(config, poolsOf("mean,median"), []int{-1}); !errors.Is(err, ErrPool) {
		t.Error(err)
	}
}

func poolsOf(list string) (pools []output.Pool) {
	for _, name := range strings.Split(list, ",") {
		pools = append(pools, output.Pool(name))
	}
	return pools
}

// allColumns are every pool of every layer.
func allColumns(t testing.TB, c esm2.Config) output.Columns {
	t.Helper()
	var layers []int
	for l := range c.Layers + 1 {
		layers = append(layers, l)
	}
	columns, err := ChooseColumns(c, output.Pools, layers)
	if err != nil {
		t.Fatal(err)
	}
	return columns
}

// TestColumnsOfGoldens compares every pool of every layer with what transformers' hidden states make, in float64.
func TestColumnsOfGoldens(t *testing.T) {
	files, err := filepath.Glob("esm2/testdata/goldens/*/expected.safetensors")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d golden models (%v)", len(files), err)
	}
	for _, file := range files {
		dir := filepath.Dir(file)
		if strings.HasSuffix(dir, "outliers") {
			continue // of which fp32 itself is too far from the truth for a bound on single values
		}
		for _, level := range cpu.Levels() {
			t.Run(filepath.Base(dir)+"/"+level, func(t *testing.T) {
				t.Setenv(cpu.LevelVariable, level)
				b, err := cpu.New(2)
				if err != nil {
					t.Fatal(err)
				}
				defer b.Close()
				compareGolden(t, dir, b)
			})
		}
	}
}

func compareGolden(t *testing.T, dir string, b backend.Backend) {
	t.Helper()
	set, err := safetensors.Open(filepath.Join(dir, "expected.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	model, err := esm2.Load(dir, b)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	batch := newBatch()
	tokens, _ := set.Tensor("tokens")
	lengths, _ := set.Tensor("lengths")
	batch.CuSeqlens = []int32{0}
	batch.Tokens = tokens.Data
	for i := range lengths.Shape[0] {
		length := int32(binary.LittleEndian.Uint32(lengths.Data[4*i:]))
		batch.CuSeqlens = append(batch.CuSeqlens, batch.CuSeqlens[i]+length)
		batch.Rows = append(batch.Rows, output.Row{Residues: int64(length) - 2})
	}
	runner, err := model.NewRunner(len(batch.Tokens), batch.Sequences())
	if err != nil {
		t.Fatal(err)
	}
	defer runner.Close()
	columns := allColumns(t, model.Config())
	c := newCollector(columns)
	c.room(batch, model.Config())
	if err := runner.StartStates(batch.Batch, batch.states...); err != nil {
		t.Fatal(err)
	}
	if err := runner.Finish(); err != nil {
		t.Fatal(err)
	}
	c.collect(batch, model.Config())
	worst := map[output.Pool]float64{}
	for i, row := range batch.Rows {
		var compared int
		compare := func(column output.Column, got []float32) {
			compared++
			hidden, ok := set.Tensor(fmt.Sprintf("hidden.%d", column.Layer))
			if !ok {
				t.Fatalf("no hidden states of layer %d", column.Layer)
			}
			h := column.Width
			states := make([]float32, int(row.Residues+2)*h)
			backend.F32.Widen(states, hidden.Data[4*int(batch.CuSeqlens[i])*h:][:4*len(states)])
			want := pooled(column.Pool, states, h)
			if len(got) != len(want) {
				t.Fatalf("%s: %d values, want %d", column.Name, len(got), len(want))
			}
			var difference, largest float64
			for j := range want {
				difference, largest = max(difference, math.Abs(want[j]-float64(got[j]))), max(largest, math.Abs(float64(states[j])))
			}
			worst[column.Pool] = max(worst[column.Pool], difference/largest)
			if !(difference <= 1e-4*largest) {
				t.Errorf("sequence %d: %s differs by %.1e, its states are up to %.1e", i, column.Name, difference, largest)
			}
		}
		for column, values := range columns.InRows().Split(row.Values) {
			compare(column, values)
		}
		for j, column := range columns.InArrays() {
			compare(column, row.PerResidue[j])
		}
		if compared != len(columns) {
			t.Fatalf("%d of %d columns", compared, len(columns))
		}
	}
	for pool, difference := range worst {
		t.Logf("%-11s largest difference %.1e of the largest state", pool, difference)
	}
}

// TestLogitsOfGoldens compares the columns of the language-model head with the logits of transformers.
func TestLogitsOfGoldens(t *testing.T) {
	const dir = "esm2/testdata/goldens/head24-maskedlm"
	b, err := cpu.New(2)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	model, err := esm2.Load(dir, b)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	if err := model.LoadHead(); err != nil {
		t.Fatal(err)
	}
	set, err := safetensors.Open(filepath.Join(dir, "logits.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	tensor, _ := set.Tensor("logits")
	logits := make([]float32, len(tensor.Data)/4)
	backend.F32.Widen(logits, tensor.Data)
	x := buildIndex(t, ">0\nM\n>1\nLAGVSERTIDPKQNFYMHWCXBUZO\n>2\n"+strings.Repeat("MKTAYIAKQR", 6)+"QISFVKS\n>3\nXXBZUOMA\n")
	e, err := NewEmbedder(x, model, HeadColumns(model.Config()), KeepGaps, 0, 300)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	// The tokens of the golden sequences in file order; the second one has gaps at its end, which are left out here.
	starts := map[int64]int{0: 0, 2: 3 + 29, 3: 3 + 29 + 69}
	compared := 0
	err = e.Embed(t.Context(), index.Share(x.Len(), 0, 1), none, func(batch *Batch) error {
		for i, row := range batch.Rows {
			start, ok := starts[row.Ordinal]
			if !ok {
				continue
			}
			compared++
			tokens := batch.Tokens[batch.CuSeqlens[i]+1 : batch.CuSeqlens[i+1]-1]
			var perplexity float64
			for j, token := range tokens {
				want := logits[(start+1+j)*33:][:33]
				var sum float64
				for _, v := range want {
					sum += math.Exp(float64(v))
				}
				for k, v := range want {
					p := float64(v) - math.Log(sum)
					if got := row.PerResidue[0][j*33+k]; math.Abs(float64(got)-p) > 1e-4 {
						t.Fatalf("record %d, residue %d, token %d: %g, want %g", row.Ordinal, j, k, got, p)
					}
					if k == int(token) {
						perplexity -= p / float64(len(tokens))
					}
				}
			}
			if want := math.Exp(perplexity); math.Abs(float64(row.Values[0])-want) > 1e-4*want {
				t.Errorf("record %d: pseudo-perplexity %g, want %g", row.Ordinal, row.Values[0], want)
			}
		}
		return nil
	})
	if err != nil || compared != len(starts) {
		t.Fatal(compared, err)
	}
}

// pooled is what a pool makes of the states [n, h] of a sequence's tokens.
func pooled(pool output.Pool, states []float32, h int) []float64 {
	residues := states[h : len(states)-h]
	n := len(residues) / h
	at := func(i, d int) float64 { return float64(residues[i*h+d]) }
	var values []float64
	switch pool {
	case output.PoolPerResidue:
		for _, v := range residues {
			values = append(values, float64(v))
		}
	case output.PoolCLS:
		for _, v := range states[:h] {
			values = append(values, float64(v))
		}
	default:
		for d := range h {
			mean, largest, squares := 0.0, math.Inf(-1), 0.0
			for i := range n {
				mean += at(i, d) / float64(n)
				largest = max(largest, at(i, d))
			}
			for i := range n {
				squares += (at(i, d) - mean) * (at(i, d) - mean)
			}
			values = append(values, map[output.Pool]float64{output.PoolMean: mean, output.PoolMax: largest, output.PoolStd: math.Sqrt(squares / float64(n))}[pool])
		}
	}
	return values
}

// TestColumnsDoNotDependOnTheRun: every value has the same bits alone, in any batch and with any number of threads.
func TestColumnsDoNotDependOnTheRun(t *testing.T) {
	var fasta strings.Builder
	for i := range 24 {
		fmt.Fprintf(&fasta, ">r%d\n%s\n", i, protein(1+(i*37)%90, i))
	}
	x := buildIndex(t, fasta.String())
	embed := func(threads, budget int, r index.Range) map[int64]output.Row {
		b, err := cpu.New(threads)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		model, err := esm2.Load(tinyModel(t), b)
		if err != nil {
			t.Fatal(err)
		}
		defer model.Close()
		e, err := NewEmbedder(x, model, allColumns(t, model.Config()), DropGaps, 0, budget)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		rows := map[int64]output.Row{}
		err = e.Embed(t.Context(), r, none, func(b *Batch) error {
			for _, row := range b.Rows {
				row.Values = slices.Clone(row.Values)
				row.PerResidue = slices.Clone(row.PerResidue)
				for i, values := range row.PerResidue {
					row.PerResidue[i] = slices.Clone(values)
				}
				rows[row.Ordinal] = row
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	all := index.Share(x.Len(), 0, 1)
	want := embed(1, 1, all)
	if len(want) < 20 {
		t.Fatalf("%d rows", len(want))
	}
	for _, c := range []struct{ threads, budget int }{{1, 700}, {3, 300}, {2, 5000}} {
		for ordinal, row := range embed(c.threads, c.budget, all) {
			alone := want[ordinal]
			if !slices.Equal(row.Values, alone.Values) || !slices.EqualFunc(row.PerResidue, alone.PerResidue, slices.Equal[[]float32]) {
				t.Fatalf("%d threads, budget %d: record %d differs from itself alone", c.threads, c.budget, ordinal)
			}
		}
	}
}

// TestDropLooksIntoEveryColumn: what is no number, in whatever column, is a failure of its record.
func TestDropLooksIntoEveryColumn(t *testing.T) {
	columns := output.Columns{output.NewColumn(output.PoolMean, 2, 2, 1), output.NewColumn(output.PoolStd, 2, 2, 1), output.NewColumn(output.PoolPerResidue, 1, 2, 1)}
	nan := float32(math.NaN())
	b := newBatch()
	for i, row := range []output.Row{{Values: []float32{1, 2}, PerResidue: [][]float32{{3, 4}}}, {Values: []float32{1, nan}, PerResidue: [][]float32{{3, 4}}},
		{Values: []float32{1, 2}, PerResidue: [][]float32{{3, 70000}}}, {Values: []float32{1, 2}, PerResidue: [][]float32{{3, nan}}}} {
		row.Ordinal = int64(i)
		b.Rows = append(b.Rows, row)
		b.positions = append(b.positions, int64(i))
	}
	if n := b.Drop(columns, output.Float32); n != 2 || !strings.Contains(b.Skips[0].Detail, "std has NaN at dimension 0") ||
		!strings.Contains(b.Skips[1].Detail, "per_residue_l1 has NaN at residue 2, dimension 0") {
		t.Errorf("%d dropped: %+v", n, b.Skips)
	}
	if n := b.Drop(columns, output.Float16); n != 1 || len(b.Rows) != 1 || b.Rows[0].Ordinal != 0 {
		t.Errorf("%d dropped, left are %+v", n, b.Rows)
	}
}
