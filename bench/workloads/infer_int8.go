package workloads

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"longfirst/bench"
	"longfirst/bench/limits"
	"longfirst/infer"
	"longfirst/infer/cpu"
	"longfirst/infer/esm2"
)

// InferInt8 embeds the same proteins with weights of int8 and with those of float32 in turn, in this process.
type InferInt8 struct {
	Exact Infer

	backend         cpu.Int8
	loaded          *esm2.Model
	embedder        *infer.Embedder
	int8In, exactIn time.Duration
	got             embedded
	first           bool // which of the two goes first
}

func (w *InferInt8) Name() string { return "infer-int8" }

func (w *InferInt8) Case() string { return w.Exact.Case() }

func (w *InferInt8) Shows() string {
	return "how fast proteins are embedded on the CPU with weights of int8, and how many times as fast as with float32 in the same sample"
}

func (w *InferInt8) Limits() []limits.Limit { return w.Exact.Limits() }

func (w *InferInt8) Prepare(ctx context.Context, dir string) error {
	if err := w.Exact.Prepare(ctx, dir); err != nil {
		return err
	}
	digest, err := esm2.Digest(ctx, w.Exact.Model.folder)
	if err != nil {
		return err
	}
	file, _, err := esm2.Int8Weights(ctx, w.Exact.Model.folder, digest)
	if err != nil {
		return err
	}
	if w.backend, err = cpu.NewInt8(w.Exact.Threads); err != nil {
		return err
	}
	if w.loaded, err = esm2.LoadInt8(w.Exact.Model.folder, file, digest, w.backend); err != nil {
		return err
	}
	w.embedder, err = infer.NewEmbedder(w.Exact.index, w.loaded, infer.EmbeddingColumn(w.loaded.Config()), infer.DropGaps, maxLength, infer.CPUTokenBudget)
	return err
}

// Run times its two halves itself; which goes first changes from run to run.
func (w *InferInt8) Run(ctx context.Context) error {
	halves := []func() error{
		func() (err error) {
			begun := time.Now()
			w.got, err = embed(ctx, w.embedder, w.Exact.Model, w.Exact.all())
			w.int8In = time.Since(begun)
			return err
		},
		func() error {
			begun := time.Now()
			err := w.Exact.Run(ctx)
			w.exactIn = time.Since(begun)
			return err
		},
	}
	if w.first = !w.first; !w.first {
		halves[0], halves[1] = halves[1], halves[0]
	}
	return errors.Join(halves[0](), halves[1]())
}

func (w *InferInt8) Figures(bench.Elapsed) []bench.Figure {
	return []bench.Figure{
		bench.PerSecond("residues/s", float64(w.got.residues), w.int8In),
		{Unit: "times-fp32", Value: float64(w.exactIn) / float64(w.int8In)},
		bench.PerSecond("fp32-residues/s", float64(w.Exact.got.residues), w.exactIn),
	}
}

// leastCosine is what int8 must keep of a row's direction.
const leastCosine = 0.999

// Check wants what Infer wants of float32, and rows of int8 that point where those do.
func (w *InferInt8) Check(ctx context.Context) error {
	if err := w.Exact.Check(ctx); err != nil {
		return err
	}
	for ordinal, want := range w.Exact.got.rows {
		got := w.got.rows[ordinal]
		if len(got) != len(want) {
			return fmt.Errorf("record %d: %d values of int8, %d of float32", ordinal, len(got), len(want))
		}
		var product, a, b float64
		for d := range want {
			product += float64(got[d]) * float64(want[d])
			a += float64(got[d]) * float64(got[d])
			b += float64(want[d]) * float64(want[d])
		}
		if cosine := product / math.Sqrt(a*b); !(cosine >= leastCosine) {
			return fmt.Errorf("record %d: cosine %.5f to float32, below %g", ordinal, cosine, leastCosine)
		}
	}
	return nil
}

func (w *InferInt8) Sentence(r *bench.Result) string {
	return fmt.Sprintf("Embedding proteins with %s (random weights) in int8, threads: %d: %.0f residues/s, %.2f times float32 in the same samples; all rows within cosine %g of it.",
		w.Exact.Model, w.Exact.Threads, r.Find("residues/s").Median, r.Find("times-fp32").Median, leastCosine)
}

func (w *InferInt8) Close() error {
	var errs []error
	if w.embedder != nil {
		errs = append(errs, w.embedder.Close())
	}
	if w.loaded != nil {
		errs = append(errs, w.loaded.Close())
	}
	if w.backend.Backend != nil {
		errs = append(errs, w.backend.Close())
	}
	return errors.Join(append(errs, w.Exact.Close())...)
}
