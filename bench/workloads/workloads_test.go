package workloads

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"longfirst/bench"
	"longfirst/bench/gen"
)

// tinyModel is smaller than any that has a name: the harness and the checks are tested here, not the model.
func tinyModel() *model {
	m := namedModel("tiny")
	m.config.Layers, m.config.HiddenSize, m.config.Heads, m.config.IntermediateSize = 1, 8, 1, 8
	return m
}

func tinyInfer() *Infer {
	return &Infer{On: onCPU, Model: tinyModel(), In: &input{shape: gen.Protein, count: 4}, Threads: 2}
}

func proteins(bytes int64) *input { return &input{shape: gen.Protein, bytes: bytes} }

// runOnce prepares a workload and runs it once.
func runOnce(t *testing.T, w bench.Workload) {
	t.Helper()
	ctx := context.Background()
	if err := w.Prepare(ctx, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := w.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestUnderTheHarness(t *testing.T) {
	dir := t.TempDir()
	list := []bench.Workload{&IndexBuild{In: proteins(200_000)}, tinyInfer()}
	r, err := bench.Run(context.Background(), list, bench.Options{
		Program: "longfirst test", Threads: 2, Count: 2, Budget: time.Minute, Dir: dir, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	// Whether the samples count is the machine's affair.
	for i, units := range [][]string{
		{"ns/op", "MB/s", "%memory-read", "%file-read", "records/s"},
		{"ns/op", "residues/s", "GFLOP/s", "%peak"},
	} {
		result := r.Results[i]
		if len(result.Samples) < 2 {
			t.Errorf("%s: %d samples", result.Workload, len(result.Samples))
		}
		for _, s := range result.Samples {
			for _, unit := range units {
				if !slices.ContainsFunc(s.Figures, func(v bench.Value) bool { return v.Unit == unit && v.Value > 0 }) {
					t.Errorf("%s: no %s in %+v", result.Workload, unit, s.Figures)
				}
			}
		}
	}
	var text strings.Builder
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"BenchmarkIndexBuild/input=protein-0MB-2\t1\t", "BenchmarkInferCPU/model=tiny/threads=2/input=protein-4-records-2\t1\t"} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("%q is missing in\n%s", part, text.String())
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestIndexBuildIsCheckedAndBuiltAgain(t *testing.T) {
	ctx := context.Background()
	w := &IndexBuild{In: proteins(100_000)}
	runOnce(t, w)
	if err := w.Check(ctx); err != nil {
		t.Fatal(err)
	}
	if err := w.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if err := w.Check(ctx); err != nil {
		t.Errorf("the second build: %v", err)
	}
}

func TestWrongIndexIsNoticed(t *testing.T) {
	ctx := context.Background()
	for name, spoil := range map[string]func(*testing.T, *IndexBuild){
		"a record more":   func(_ *testing.T, w *IndexBuild) { w.In.wrote.Records++ },
		"other residues":  func(_ *testing.T, w *IndexBuild) { w.In.wrote.Residues-- },
		"another longest": func(_ *testing.T, w *IndexBuild) { w.In.wrote.Longest++ },
		"reused": func(t *testing.T, w *IndexBuild) {
			if err := errors.Join(w.built.Close(), w.Run(ctx)); err != nil {
				t.Fatal(err)
			}
		},
		"another file": func(t *testing.T, w *IndexBuild) {
			text, err := os.ReadFile(w.In.paths[0])
			if err != nil {
				t.Fatal(err)
			}
			text[len(text)-2] ^= 1 // the last residue
			if err := os.WriteFile(w.In.paths[0], text, 0o666); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := &IndexBuild{In: proteins(20_000)}
			runOnce(t, w)
			spoil(t, w)
			if err := w.Check(ctx); err == nil {
				t.Error("the check passed")
			}
		})
	}
}

func TestWrongEmbeddingsAreNoticed(t *testing.T) {
	ctx := context.Background()
	w := tinyInfer()
	runOnce(t, w)
	if err := w.Check(ctx); err != nil {
		t.Fatal(err)
	}
	checkedAlone := func() []float32 { // a row that is also computed alone
		for ordinal := range w.alone {
			return w.got.rows[ordinal]
		}
		return nil
	}
	for name, spoil := range map[string]func(){
		"a missing row": func() { delete(w.got.rows, 0) },
		"a skip":        func() { w.got.skipped = 1 },
		"not a number":  func() { w.got.rows[3][1] = float32(math.NaN()) },
		"infinite":      func() { w.got.rows[3][1] = float32(math.Inf(1)) },
		"zeros":         func() { clear(w.got.rows[3]) },
		"another bit":   func() { r := checkedAlone(); r[5] = math.Float32frombits(math.Float32bits(r[5]) ^ 1) },
	} {
		t.Run(name, func(t *testing.T) {
			if err := w.Run(ctx); err != nil {
				t.Fatal(err)
			}
			spoil()
			if err := w.Check(ctx); err == nil {
				t.Error("the check passed")
			}
		})
	}
}

func TestUsefulFLOPs(t *testing.T) {
	w := tinyInfer()
	runOnce(t, w)
	var residues, flops int64
	for e, err := range w.index.Lengths(w.all()) {
		if err != nil {
			t.Fatal(err)
		}
		n := min(e, maxLength)
		residues += n
		flops += w.Model.config.FLOPs(n + 2)
	}
	if w.got.residues != residues || w.got.flops != flops || flops == 0 {
		t.Errorf("%d residues and %d FLOPs, want %d and %d", w.got.residues, w.got.flops, residues, flops)
	}
}

func TestCloseBeforePrepare(t *testing.T) {
	for _, w := range New(Settings{Threads: 1, Quick: true}).All {
		if err := w.Close(); err != nil {
			t.Errorf("%s: %v", w.Name(), err)
		}
	}
}
