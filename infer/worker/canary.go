package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"longfirst/index"
	"longfirst/infer"
	"longfirst/infer/backend"
	"longfirst/infer/esm2"
	"longfirst/infer/output"
)

// CPUInt8 is the device that is the CPU computing with int8 weights.
const CPUInt8 = "cpu-int8"

// canaryLimits are the least cosines between an embedding in a numeric class and the same in float32 on the CPU with which a run
// begins, by a part of the class's name.
var canaryLimits = map[string]float64{"int8": 0.999, "bf16": 0.9995, "fp16": 0.9995, "fp32": 0.99999}

// precision returns what a device computes in, as CPUInt8 and the names of GPUs end.
func precision(device string) string { return device[strings.LastIndexByte(device, '-')+1:] }

const (
	// canaryRecords is how many of the user's records are computed in both, at most.
	canaryRecords = 8

	// canarySeconds is about how long the reference may take. Where it would take longer records are cut, to canaryResidues at
	// least, and then fewer are computed.
	canarySeconds  = 20
	canaryResidues = 32

	// canaryPatience is how long a process may take to compute its rows, loading included.
	canaryPatience = 10 * time.Minute
)

// canary computes a few records, evenly from the longest to the shortest, as the run will, in a worker process of its own, and
// in float32 on the CPU, here, and returns how far they are apart. Records without an embedding are passed over. The error is
// ErrCanary where they are further apart than is allowed.
func canary(ctx context.Context, set Settings, orders Orders) (output.Canary, error) {
	config, err := esm2.ReadConfig(set.Model)
	if err != nil {
		return output.Canary{}, err
	}
	exactly := orders
	exactly.Device, exactly.Int8, exactly.Threads = "cpu", "", set.Threads*len(set.Devices)
	reference, err := set.NewBackend(exactly.Device, exactly.Threads)
	if err != nil {
		return output.Canary{}, err
	}
	rate := reference.FLOPS()
	if err := reference.Close(); err != nil {
		return output.Canary{}, err
	}
	positions, maxLength, err := chooseCanary(set.Index, config, set.Options.MaxLength, canarySeconds*rate)
	if err != nil {
		return output.Canary{}, err
	}
	orders.Canary, orders.Options.MaxLength, exactly.Options.MaxLength = positions, maxLength, maxLength
	rows, err := canaryProcess(ctx, set, orders)
	if err != nil {
		return output.Canary{}, fmt.Errorf("%w; --canary off begins without it", err)
	}
	exact, err := exactRows(ctx, set, exactly, positions)
	if err != nil {
		return output.Canary{}, err
	}
	found := output.Canary{SmallestCosine: 1}
	for i, row := range exact {
		if row == nil || rows[i] == nil {
			continue
		}
		found.Records++
		if c := cosine(set.Options.Columns, row, rows[i]); !(c >= found.SmallestCosine) {
			found.SmallestCosine = c
		}
	}
	if limit := canaryLimits[precision(set.Device)]; !(found.SmallestCosine >= limit) {
		return found, fmt.Errorf("%w: of %d records the least alike has cosine %.5f in %s, below %g; compute in float32, or pass over this with --canary off",
			ErrCanary, found.Records, found.SmallestCosine, set.NumericClass, limit)
	}
	return found, nil
}

// chooseCanary returns the positions of the records to compute and the residues to keep of each, so that they cost no more than
// so many FLOPs, as far as that can be.
func chooseCanary(x *index.Index, config esm2.Config, maxLength int64, flops float64) (positions []int64, cut int64, err error) {
	longest := x.Longest()
	if maxLength > 0 {
		longest = min(longest, maxLength)
	}
	for records := min(canaryRecords, x.Len()); ; records = (records + 1) / 2 {
		positions = positions[:0]
		for i := range records {
			positions = append(positions, (2*i+1)*x.Len()/(2*records))
		}
		for cut = longest; ; cut /= 2 {
			var cost float64
			for _, position := range positions {
				for length, err := range x.Lengths(index.Range{Start: position, Stop: position + 1, Step: 1}) {
					if err != nil {
						return nil, 0, err
					}
					cost += float64(config.FLOPs(min(length, cut) + 2))
				}
			}
			if cost <= flops || records <= 1 && cut <= 2*canaryResidues {
				if cut == longest {
					cut = maxLength
				}
				return positions, cut, nil
			}
			if cut <= 2*canaryResidues {
				break
			}
		}
	}
}

// canaryProcess has a worker process compute rows: the supervisor itself calls no driver.
func canaryProcess(ctx context.Context, set Settings, orders Orders) (rows [][]float32, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, canaryPatience, fmt.Errorf("%w: the process takes longer than %v", ErrCanary, canaryPatience))
	defer cancel()
	spawner := newSpawner()
	defer spawner.close()
	cmd := set.Command()
	cmd.Env = append(cmd.Environ(), visibleDevicesVariable+"="+set.Devices[0])
	events := make(chan event)
	p, err := spawner.spawn(cmd, 0, output.Dir(set.Out).Logs(), set.Heading(), events)
	if err != nil {
		return nil, err
	}
	defer p.stdin.Close()
	ended := ctx.Done()
	for {
		select {
		case <-ended:
			ended, err = nil, context.Cause(ctx)
			p.kill()
		case e := <-events:
			switch {
			case e.exit != nil && err == nil && rows == nil:
				return nil, fmt.Errorf("computing records to compare: %w", e.exit)
			case e.exit != nil:
				return rows, err
			case e.message.Hello != nil:
				orders.VisibleDevices = set.Devices[0]
				err = errors.Join(err, p.to.send(Message{Orders: &orders}))
			case e.message.Rows != nil:
				rows = e.message.Rows.Values
			case e.message.Failed != nil:
				err = errors.Join(err, fmt.Errorf("computing records to compare: %s", e.message.Failed.Error))
			}
		}
	}
}

// cosine returns the cosine of the columns that are least alike.
func cosine(columns output.Columns, a, b []float32) float64 {
	least := 1.0
	for c, values := range columns.InRows().Split(a) {
		least, b = min(least, infer.Cosine(values, b[:c.Width])), b[c.Width:]
	}
	return least
}

// exactRows embeds records in this process.
func exactRows(ctx context.Context, set Settings, o Orders, positions []int64) (rows [][]float32, err error) {
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
	return w.rows(ctx, positions)
}

// rows embeds the records at those positions, each alone; nil stands for those without an embedding.
func (w *blockWorker) rows(ctx context.Context, positions []int64) (rows [][]float32, err error) {
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
