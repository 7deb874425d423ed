package workloads

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"longfirst/bench"
	"longfirst/bench/limits"
	"longfirst/index"
	"longfirst/infer"
	"longfirst/infer/cpu"
	"longfirst/infer/esm2"
)

// maxLength is where `longfirst infer` cuts sequences by default.
const maxLength = 1024

// cut is where sequences are cut: nowhere where their length is what is measured.
func (w *InferCPU) cut() int64 {
	if w.In.length > 0 {
		return w.In.length
	}
	return maxLength
}

// InferCPU embeds proteins with a model of random weights, which costs what a trained one does, in this process.
type InferCPU struct {
	Model   *model
	In      *input
	Threads int

	index    *index.Index
	backend  *cpu.Backend
	loaded   *esm2.Model
	embedder *infer.Embedder

	got   embedded
	alone map[int64][]float32 // embeddings of single records computed on their own, by ordinal
}

// embedded is what a run gives.
type embedded struct {
	rows     map[int64][]float32 // embedding [H] by ordinal
	residues int64
	flops    int64 // useful ones: of real tokens, BOS and EOS included
	skipped  int
}

func (w *InferCPU) Name() string { return "infer-cpu" }

func (w *InferCPU) Case() string {
	if w.In.length > 0 {
		return fmt.Sprintf("length=%d/model=%s/threads=%d", w.In.length, w.Model, w.Threads)
	}
	return fmt.Sprintf("model=%s/threads=%d/input=%s", w.Model, w.Threads, w.In)
}

func (w *InferCPU) Shows() string {
	if w.In.length > 0 {
		return "what the length of sequences does: a token costs the same plus attention, which grows with the length, and nothing else; so the share of the peak should stay"
	}
	return "how fast proteins of realistic lengths are embedded on the CPU, from the index to the mean over residues, beside the FMA peak of the same threads"
}

func (w *InferCPU) peak() limits.Limit { return limits.Limit{Kind: limits.FMA, Threads: w.Threads} }

func (w *InferCPU) Limits() []limits.Limit { return []limits.Limit{w.peak()} }

// Prepare writes the FASTA file and the model, builds the index and loads the weights.
func (w *InferCPU) Prepare(ctx context.Context, dir string) (err error) {
	if w.index, err = w.In.index(ctx, dir); err != nil {
		return err
	}
	if err = w.Model.prepare(dir); err != nil {
		return err
	}
	if w.backend, err = cpu.New(w.Threads); err != nil {
		return err
	}
	if w.loaded, err = esm2.Load(w.Model.folder, w.backend); err != nil {
		return err
	}
	w.embedder, err = infer.NewEmbedder(w.index, w.loaded, infer.EmbeddingColumn(w.loaded.Config()), infer.DropGaps, w.cut(), infer.CPUTokenBudget)
	return err
}

func (w *InferCPU) Run(ctx context.Context) (err error) {
	w.got, err = w.embed(ctx, w.all())
	return err
}

// all is every record of the index.
func (w *InferCPU) all() index.Range { return index.Share(w.index.Len(), 0, 1) }

func (w *InferCPU) embed(ctx context.Context, r index.Range) (embedded, error) {
	return embed(ctx, w.embedder, w.Model, r)
}

func embed(ctx context.Context, embedder *infer.Embedder, m *model, r index.Range) (embedded, error) {
	e := embedded{rows: make(map[int64][]float32)}
	err := embedder.Embed(ctx, r, func(int64) (string, bool) { return "", false }, func(b *infer.Batch) error {
		for _, row := range b.Rows {
			e.rows[row.Ordinal] = slices.Clone(row.Values)
			e.residues += row.Residues
			e.flops += m.config.FLOPs(row.Residues + 2)
		}
		e.skipped += len(b.Skips)
		return nil
	})
	return e, err
}

func (w *InferCPU) Figures(e bench.Elapsed) []bench.Figure {
	return []bench.Figure{
		bench.PerSecond("residues/s", float64(w.got.residues), e.Wall),
		bench.PerSecond("GFLOP/s", float64(w.got.flops)/1e9, e.Wall, w.peak()),
		bench.PerSecond("residues/cpu-s", float64(w.got.residues), e.CPU),
	}
}

// Check wants a finite row of every record, none of zeros, and those of two records to be bit-equal to what computing
// them alone gives.
func (w *InferCPU) Check(ctx context.Context) error {
	if got := int64(len(w.got.rows)); got != w.index.Len() || w.got.skipped > 0 {
		return fmt.Errorf("%d rows and %d skipped records of %d records", got, w.got.skipped, w.index.Len())
	}
	for ordinal, row := range w.got.rows {
		if err := sound(row); err != nil {
			return fmt.Errorf("record %d: %w", ordinal, err)
		}
	}
	if w.alone == nil {
		if err := w.computeAlone(ctx); err != nil {
			return err
		}
	}
	for ordinal, want := range w.alone {
		for d, x := range w.got.rows[ordinal] {
			if math.Float32bits(x) != math.Float32bits(want[d]) {
				return fmt.Errorf("record %d: dimension %d is %v, alone %v", ordinal, d, x, want[d])
			}
		}
	}
	return nil
}

// sound tells whether a row can be an embedding.
func sound(row []float32) error {
	var largest float64
	for d, x := range row {
		v := math.Abs(float64(x))
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("dimension %d is %v", d, x)
		}
		largest = max(largest, v)
	}
	if largest == 0 {
		return errors.New("the row is all zeros")
	}
	return nil
}

// computeAlone embeds the record in the middle of the index and the last one, each in a batch of its own.
func (w *InferCPU) computeAlone(ctx context.Context) error {
	n := w.index.Len()
	rows := make(map[int64][]float32)
	for _, position := range []int64{n / 2, n - 1} {
		e, err := w.embed(ctx, w.all().Sub(position, position+1))
		if err != nil {
			return err
		}
		for ordinal, row := range e.rows {
			rows[ordinal] = row
		}
	}
	w.alone = rows
	return nil
}

func (w *InferCPU) Sentence(r *bench.Result) string {
	what := "proteins"
	if w.In.length > 0 {
		what = fmt.Sprintf("sequences of %d residues", w.In.length)
	}
	return fmt.Sprintf("Embedding %s with %s (random weights), threads: %d: %.0f residues/s, %.1f GFLOP/s; that is %.0f %% of the multiply-add peak; "+
		"records computed alone gave the same bits.", what, w.Model, w.Threads, r.Find("residues/s").Median, r.Find("GFLOP/s").Median, r.Find(w.peak().ShareUnit()).Median)
}

// Close releases what Prepare opened, in the opposite order.
func (w *InferCPU) Close() error {
	var errs []error
	if w.embedder != nil {
		errs = append(errs, w.embedder.Close())
	}
	if w.loaded != nil {
		errs = append(errs, w.loaded.Close())
	}
	if w.backend != nil {
		errs = append(errs, w.backend.Close())
	}
	if w.index != nil {
		errs = append(errs, w.index.Close())
	}
	return errors.Join(errs...)
}
