package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"longfirst/index"
	"longfirst/infer"
	"longfirst/infer/backend"
	"longfirst/infer/esm2"
	"longfirst/infer/output"
)

// CPUInt8 is the device that is the CPU computing with int8 weights.
const CPUInt8 = "cpu-int8"

// CanaryLimit is the least cosine between an embedding computed with int8 weights and the same in float32 with which a run
// begins.
const CanaryLimit = 0.999

// canaryRecords is how many of the user's records are computed in both.
const canaryRecords = 8

// canary computes a few records, evenly from the longest to the shortest, with int8 weights and in float32 and returns how
// far they are apart. Records without an embedding are passed over. The error is ErrCanary where they are further apart than
// CanaryLimit.
func canary(ctx context.Context, set Settings, int8File, modelDigest string) (output.Canary, error) {
	orders := Orders{Threads: set.Threads, Model: set.Model, ModelDigest: modelDigest, Out: set.Out, Options: set.Options}
	var positions []int64
	for i := range min(canaryRecords, set.Index.Len()) {
		positions = append(positions, (2*i+1)*set.Index.Len()/(2*min(canaryRecords, set.Index.Len())))
	}
	orders.Device = "cpu"
	exact, err := canaryRows(ctx, set, orders, positions)
	if err != nil {
		return output.Canary{}, err
	}
	orders.Device, orders.Int8 = CPUInt8, int8File
	rounded, err := canaryRows(ctx, set, orders, positions)
	if err != nil {
		return output.Canary{}, err
	}
	found := output.Canary{SmallestCosine: 1}
	for i, row := range exact {
		if row == nil || rounded[i] == nil {
			continue
		}
		found.Records++
		if c := cosine(set.Options.Columns, row, rounded[i]); !(c >= found.SmallestCosine) {
			found.SmallestCosine = c
		}
	}
	if !(found.SmallestCosine >= CanaryLimit) {
		return found, fmt.Errorf("%w: of %d records the least alike has cosine %.5f, below %g; compute in float32, or pass over this with --canary off",
			ErrCanary, found.Records, found.SmallestCosine, CanaryLimit)
	}
	return found, nil
}

// cosine returns the cosine of the columns that are least alike.
func cosine(columns output.Columns, a, b []float32) float64 {
	least := 1.0
	for c, values := range columns.InRows().Split(a) {
		least, b = min(least, infer.Cosine(values, b[:c.Width])), b[c.Width:]
	}
	return least
}

// canaryRows embeds the records at those positions, each alone; nil stands for those without an embedding.
func canaryRows(ctx context.Context, set Settings, o Orders, positions []int64) (rows [][]float32, err error) {
	w := &blockWorker{index: set.Index, orders: o, log: slog.New(slog.DiscardHandler)}
	if w.backend, err = set.NewBackend(o.Device, o.Threads); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.backend.Close()) }()
	if err := w.load(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.model.Close()) }()
	if err := w.prepare(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.embedder.Close()) }()
	for _, position := range positions {
		var row []float32
		err := w.embedder.Embed(ctx, index.Range{Start: position, Stop: position + 1, Step: 1},
			func(int64) (string, bool) { return "", false },
			func(b *infer.Batch) error {
				for _, r := range b.Rows {
					row = slices.Clone(r.Values)
				}
				return nil
			})
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// load loads the model of the orders.
func (w *blockWorker) load() (err error) {
	if w.orders.Int8 == "" {
		w.model, err = esm2.Load(w.orders.Model, w.backend)
		return err
	}
	b, ok := w.backend.(backend.Int8)
	if !ok {
		return fmt.Errorf("%w: %s computes nothing with int8 weights", errDevice, w.orders.Device)
	}
	w.model, err = esm2.LoadInt8(w.orders.Model, w.orders.Int8, w.orders.ModelDigest, b)
	return err
}

// int8Weights returns the file of quantized weights, where the run computes with some.
func int8Weights(ctx context.Context, set Settings, modelDigest string) (string, error) {
	if set.Device != CPUInt8 {
		return "", nil
	}
	file, made, err := esm2.Int8Weights(ctx, set.Model, modelDigest)
	if made {
		set.Log.Info("weights quantized to int8", "file", file)
	}
	return file, err
}
