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
	"longfirst/infer/backend"
	"longfirst/infer/cpu"
	"longfirst/infer/esm2"
)

// maxLength is where `longfirst infer` cuts sequences by default.
const maxLength = 1024

// cut is where sequences are cut: nowhere where their length is what is measured.
func (w *Infer) cut() int64 {
	if w.In.length > 0 {
		return w.In.length
	}
	return maxLength
}

// Infer embeds proteins with a model of random weights, which costs what a trained one does, in this process.
type Infer struct {
	Model   *model
	In      *input
	Threads int // 1 on a GPU
	On      site

	index    *index.Index
	backend  backend.Backend
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

// site is where a model is computed.
type site struct {
	name  string // infer-cpu, infer-gpu
	where string
	peak  limits.Kind
	what  string // the peak in words
	open  func(threads int) (backend.Backend, error)
}

var onCPU = site{"cpu", "the CPU", limits.FMA, "multiply-add peak", func(threads int) (backend.Backend, error) { return cpu.New(threads) }}

func (w *Infer) Name() string { return "infer-" + w.On.name }

func (w *Infer) Case() string {
	if w.In.length > 0 {
		return fmt.Sprintf("length=%d/model=%s/threads=%d", w.In.length, w.Model, w.Threads)
	}
	return fmt.Sprintf("model=%s/threads=%d/input=%s", w.Model, w.Threads, w.In)
}

func (w *Infer) Shows() string {
	if w.In.length > 0 {
		return "what the length of sequences does: a token costs the same plus attention, which grows with the length, and nothing else; so the share of the peak should stay"
	}
	return fmt.Sprintf("how fast proteins of realistic lengths are embedded on %s, from the index to the mean over residues, beside its %s", w.On.where, w.On.what)
}

func (w *Infer) peak() limits.Limit { return limits.Limit{Kind: w.On.peak, Threads: w.Threads} }

func (w *Infer) Limits() []limits.Limit {
	list := []limits.Limit{w.peak()}
	if w.On.peak == limits.GPUMatrix {
		list = append(list, limits.Limit{Kind: limits.GPUCopy, Threads: 1})
	}
	return list
}

// Prepare writes the FASTA file and the model, builds the index and loads the weights.
func (w *Infer) Prepare(ctx context.Context, dir string) (err error) {
	if w.index, err = w.In.index(ctx, dir); err != nil {
		return err
	}
	if err = w.Model.prepare(dir); err != nil {
		return err
	}
	if w.backend, err = w.On.open(w.Threads); err != nil {
		return err
	}
	if w.loaded, err = esm2.Load(w.Model.folder, w.backend); err != nil {
		return err
	}
	w.embedder, err = infer.FitEmbedder(w.index, w.loaded, infer.EmbeddingColumn(w.loaded.Config()), infer.DropGaps, w.cut(), w.Threads, func(int, error) {})
	return err
}

func (w *Infer) Run(ctx context.Context) (err error) {
	w.got, err = w.embed(ctx, w.all())
	return err
}

// all is every record of the index.
func (w *Infer) all() index.Range { return index.Share(w.index.Len(), 0, 1) }

func (w *Infer) embed(ctx context.Context, r index.Range) (embedded, error) {
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

func (w *Infer) Figures(e bench.Elapsed) []bench.Figure {
	return []bench.Figure{
		bench.PerSecond("residues/s", float64(w.got.residues), e.Wall),
		bench.PerSecond(w.On.peak.Unit(), float64(w.got.flops)/w.On.peak.Scale(), e.Wall, w.peak()),
		bench.PerSecond("residues/cpu-s", float64(w.got.residues), e.CPU),
	}
}

// Check wants a finite row of every record, none of zeros, and those of two records to be bit-equal to what computing
// them alone gives.
func (w *Infer) Check(ctx context.Context) error {
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
func (w *Infer) computeAlone(ctx context.Context) error {
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

func (w *Infer) Sentence(r *bench.Result) string {
	what := "proteins"
	if w.In.length > 0 {
		what = fmt.Sprintf("sequences of %d residues", w.In.length)
	}
	unit := w.On.peak.Unit()
	return fmt.Sprintf("Embedding %s with %s (random weights) on %s, threads: %d: %.0f residues/s, %.1f %s; that is %.0f %% of the %s; records computed alone gave the same bits.",
		what, w.Model, w.On.where, w.Threads, r.Find("residues/s").Median, r.Find(unit).Median, unit, r.Find(w.peak().ShareUnit()).Median, w.On.what)
}

// Close releases what Prepare opened, in the opposite order.
func (w *Infer) Close() error {
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
