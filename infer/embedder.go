package infer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"longfirst/index"
	"longfirst/infer/esm2"
	"longfirst/infer/output"
)

// Embedder computes the embeddings of ranges of an index with one model on one device. It is not safe for concurrent use.
type Embedder struct {
	Sources *Sources

	model     *esm2.Model
	runners   [batchesOnDevice]*esm2.Runner
	tokenizer *Tokenizer
	collector *collector
	limits    budget
	pulse     *pulse

	weightsFinite bool // the model was found to hold nothing but numbers
}

// NewEmbedder prepares to compute columns in batches of up to tokenBudget tokens; a longer sequence makes a batch of its own,
// for which memory is set aside as well.
func NewEmbedder(x *index.Index, m *esm2.Model, columns output.Columns, gaps Gaps, maxLength int64, tokenBudget int) (*Embedder, error) {
	tokenizer, err := NewTokenizer(m.Vocabulary(), gaps, maxLength)
	if err != nil {
		return nil, err
	}
	most := max(int64(tokenBudget), tokenizer.Tokens(x.Longest()))
	if most > MaxTokens {
		return nil, fmt.Errorf("%w: %d residues, at most %d fit: use --max-length", ErrTooLong, x.Longest(), MaxTokens-2)
	}
	e := &Embedder{Sources: NewSources(x), model: m, tokenizer: tokenizer, collector: newCollector(columns),
		limits: budget{int64(tokenBudget), MaxSequences}, pulse: newPulse(m.Backend())}
	if e.collector.needsHead() {
		if err := m.LoadHead(); err != nil {
			return nil, errors.Join(err, e.Close())
		}
	}
	for i := range e.runners {
		if e.runners[i], err = m.NewRunner(int(most), MaxSequences); err != nil {
			return nil, errors.Join(err, e.Close())
		}
	}
	return e, nil
}

// Classify gives the embedder what column scores is made with. It precedes Embed.
func (e *Embedder) Classify(c *Classifier) { e.collector.classifier = c }

// Beats reports whether Embed has got on since the last call, or is in a batch on a device that says nothing before its
// end and that has not taken long for the rate measured so far. Unlike the other methods it may be called during Embed,
// by one goroutine.
func (e *Embedder) Beats() bool { return e.pulse.beats(time.Now()) }

// Close releases the memory of batches and the mapped FASTA files, not the model.
func (e *Embedder) Close() error {
	err := e.Sources.Close()
	for _, r := range e.runners {
		if r != nil {
			err = errors.Join(err, r.Close())
		}
	}
	return err
}

const (
	// CPUTokenBudget is what the default --max-length leaves of a long sequence, BOS and EOS included: two such batches are
	// about 24 MB of activations at 8M and 95 MB at 650M.
	CPUTokenBudget = 1026

	// cpuThreadTokens is what a thread has of a batch at least: about as many as a core runs through a model at a time.
	cpuThreadTokens = 264

	// MaxSequences bounds the rows of a batch where sequences are short.
	MaxSequences = 1024

	// MaxTokens is the most tokens a batch can hold: cumulative lengths are 32 bits wide.
	MaxTokens = 1 << 30
)

// CPUBatch returns the token budget of that many threads.
func CPUBatch(threads int) int { return max(CPUTokenBudget, threads*cpuThreadTokens) }

const (
	// batchesOnDevice run at a time, so that the cores have something to do while the last tokens of a batch are computed
	// or a thread that holds some of them has to wait for its core.
	batchesOnDevice = 2

	// batchesInFlight is what the three stages need: one being filled, those on the device, one being written.
	batchesInFlight = batchesOnDevice + 2
)

// Embed computes the records of r but those refuse names, and hands each finished batch to emit, in index order. The
// batch is emit's until it returns. A record refused appears as a skip with the reason refuse gave.
func (e *Embedder) Embed(ctx context.Context, r index.Range, refuse func(position int64) (reason string, ok bool), emit func(*Batch) error) error {
	if err := e.collector.ready(); err != nil {
		return err
	}
	free := make(chan *Batch, batchesInFlight)
	for range batchesInFlight {
		free <- newBatch()
	}
	filled := make(chan *Batch)
	computed := make(chan *Batch)

	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var stages sync.WaitGroup
	// A stage that panics must look unfinished to the others until the process is gone, never like one that is done. So
	// nothing here is deferred that tells them of its end, and WaitGroup.Go keeps Wait waiting.
	stage := func(run func() error) {
		stages.Go(func() {
			if err := run(); err != nil {
				fail(err)
			}
		})
	}
	stage(func() error {
		err := e.fill(ctx, r, refuse, free, filled)
		close(filled)
		return err
	})
	stage(func() error {
		err := e.compute(ctx, filled, computed)
		close(computed)
		return err
	})
	stage(func() error {
		for b := range computed {
			if err := emit(b); err != nil {
				return err
			}
			free <- b // never blocks: there is room for every batch there is
		}
		return nil
	})
	stages.Wait()
	return context.Cause(ctx)
}

// fill packs the records of r, longest first, into batches.
func (e *Embedder) fill(ctx context.Context, r index.Range, refuse func(int64) (string, bool), free <-chan *Batch, filled chan<- *Batch) error {
	next := func() (*Batch, error) {
		select {
		case b := <-free:
			b.reset()
			return b, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	b, err := next()
	if err != nil {
		return err
	}
	err = e.Sources.Each(ctx, r, func(rec *Record) error {
		path := e.Sources.Path(rec.File)
		if reason, ok := refuse(rec.Position); ok {
			b.Skips = append(b.Skips, b.skip(rec, path, output.SkipFailed, reason))
			return nil
		}
		if !e.limits.fits(int64(len(b.Tokens)), len(b.Rows), e.tokenizer.Tokens(rec.Length)) {
			b.seal()
			if err := send(ctx, filled, b); err != nil {
				return err
			}
			if b, err = next(); err != nil {
				return err
			}
		}
		b.add(e.tokenizer, rec, path)
		return nil
	})
	if err != nil {
		return err
	}
	b.seal()
	return send(ctx, filled, b)
}

// compute runs the model over batches, batchesOnDevice at a time, and hands them on in order.
func (e *Embedder) compute(ctx context.Context, filled <-chan *Batch, computed chan<- *Batch) error {
	var begun []*Batch // the oldest first; batch i of the run is on runner i modulo batchesOnDevice
	oldest := 0
	finish := func() error {
		b, runner := begun[0], e.runners[oldest]
		begun, oldest = begun[1:], (oldest+1)%batchesOnDevice
		return e.finish(runner, b)
	}
	// What is on the device reads its batch until it is finished.
	defer func() {
		for len(begun) > 0 {
			finish()
		}
	}()
	next := func() error {
		b := begun[0]
		if err := finish(); err != nil {
			return err
		}
		return send(ctx, computed, b)
	}
	for b := range filled {
		if err := e.start(e.runners[(oldest+len(begun))%batchesOnDevice], b); err != nil {
			return err
		}
		if begun = append(begun, b); len(begun) == batchesOnDevice {
			if err := next(); err != nil {
				return err
			}
		}
	}
	for len(begun) > 0 {
		if err := next(); err != nil {
			return err
		}
	}
	return nil
}

// start begins a batch on a runner. One without rows has nothing to compute.
func (e *Embedder) start(r *esm2.Runner, b *Batch) error {
	if len(b.Rows) == 0 {
		return nil
	}
	e.collector.room(b, e.model.Config())
	if err := r.StartStates(b.Batch, b.states...); err != nil {
		return b.failed(err)
	}
	e.pulse.begin(e.flops(b))
	return nil
}

// finish waits for a batch and takes out the rows that are not finite.
func (e *Embedder) finish(r *esm2.Runner, b *Batch) error {
	if len(b.Rows) == 0 {
		return nil
	}
	err := r.Finish()
	e.pulse.end(e.flops(b))
	if err != nil {
		return b.failed(err)
	}
	e.collector.collect(b, e.model.Config())
	if b.Drop(e.collector.columns, output.Float32) == 0 {
		return nil
	}
	return e.checkWeights()
}

// flops returns the cost of a batch.
func (e *Embedder) flops(b *Batch) (total int64) {
	config := e.model.Config()
	for i := range b.Sequences() {
		total = addFLOPs(total, config.FLOPs(int64(b.CuSeqlens[i+1]-b.CuSeqlens[i])))
	}
	return total
}

// checkWeights tells a record at fault from a model at fault: weights that are no numbers spoil every row. They are read
// through once, when the first row is spoilt.
func (e *Embedder) checkWeights() error {
	if e.weightsFinite {
		return nil
	}
	if err := e.model.CheckFinite(); err != nil {
		return err
	}
	e.weightsFinite = true
	return nil
}

func send(ctx context.Context, to chan<- *Batch, b *Batch) error {
	select {
	case to <- b:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
