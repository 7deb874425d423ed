package esm2

import (
	"fmt"
	"time"

	"longfirst/infer/backend"
)

// OperationTime is what one kind of operation takes in a forward pass, over all layers.
type OperationTime struct {
	Operation string
	FLOPs     int64         // useful ones; 0 where an operation moves numbers rather than multiplies them
	Took      time.Duration // the least of several passes
}

// WholePass is the name of the forward pass among its operations.
const WholePass = "whole pass"

// Profile times a batch: each kind of operation on its own, for all layers one after the other, and the whole pass, which
// comes last. What a pass takes beyond the sum of its operations is spent between them. clock returns the time used so
// far, such as the processor time of the process.
//
// Errors: ErrBatch.
func (r *Runner) Profile(b backend.Batch, passes int, clock func() time.Duration) ([]OperationTime, error) {
	if passes < 1 {
		return nil, fmt.Errorf("%w: %d passes to time", ErrBatch, passes)
	}
	pooled := make([]float32, max(b.Sequences(), 0)*r.model.config.HiddenSize)
	operations := r.operations(b, pooled)
	times := make([]OperationTime, len(operations)+1)
	for range passes {
		// The whole pass goes first: it checks the batch, and leaves numbers in the activations.
		begin := clock()
		if err := r.Start(b, pooled); err != nil {
			return nil, err
		}
		if err := r.Finish(); err != nil {
			return nil, err
		}
		whole := OperationTime{Operation: WholePass, Took: clock() - begin}
		for i, o := range operations {
			begin := clock()
			if err := r.stream.Begin(b); err != nil {
				return nil, err
			}
			o.queue()
			if err := r.Finish(); err != nil {
				return nil, err
			}
			times[i].keep(OperationTime{o.name, o.flops, clock() - begin})
			whole.FLOPs += o.flops
		}
		times[len(operations)].keep(whole)
	}
	return times, nil
}

// keep takes a time if it is the first or the least.
func (t *OperationTime) keep(now OperationTime) {
	if t.Operation == "" || now.Took < t.Took {
		*t = now
	}
}

// operation queues all operations of a kind in a forward pass.
type operation struct {
	name  string
	flops int64
	queue func()
}

// operations lists what forward queues, by kind.
func (r *Runner) operations(b backend.Batch, pooled []float32) []operation {
	m, s, c := r.model, r.stream, r.model.config
	eps := float32(c.LayerNormEps)
	h, f, t := int64(c.HiddenSize), int64(c.IntermediateSize), int64(len(b.Tokens))*int64(c.Layers)
	var pairs int64
	for i := range b.Sequences() {
		n := int64(b.CuSeqlens[i+1] - b.CuSeqlens[i])
		pairs += n * n
	}
	each := func(queue func(l *layer)) func() {
		return func() {
			for i := range m.layers {
				queue(&m.layers[i])
			}
		}
	}
	return []operation{
		{"embedding", 0, func() { s.Embed(r.hidden, m.embeddings, c.embeddingScale()) }},
		{"layer norms", 0, func() {
			for _, l := range m.layers {
				s.LayerNorm(r.normed, r.hidden, l.attentionNorm.gain, l.attentionNorm.bias, eps)
				s.LayerNorm(r.normed, r.hidden, l.forwardNorm.gain, l.forwardNorm.bias, eps)
			}
			s.LayerNorm(r.normed, r.hidden, m.final.gain, m.final.bias, eps)
		}},
		{"linear to q, k, v; rotation", 2 * t * h * 3 * h, each(func(l *layer) {
			s.LinearQKV(r.qkv, r.normed, l.qkv.weight, l.qkv.bias, m.frequencies, c.Heads)
		})},
		{"attention", pairs * c.FLOPsPerPair(), each(func(*layer) { s.Attention(r.normed, r.qkv, c.Heads) })},
		{"linear after attention", 2 * t * h * h, each(func(l *layer) {
			s.LinearAdd(r.hidden, r.normed, l.attentionOut.weight, l.attentionOut.bias)
		})},
		{"linear up; GELU", 2 * t * h * f, each(func(l *layer) {
			s.LinearGELU(r.feedForward, r.normed, l.up.weight, l.up.bias)
		})},
		{"linear down", 2 * t * f * h, each(func(l *layer) {
			s.LinearAdd(r.hidden, r.feedForward, l.down.weight, l.down.bias)
		})},
		{"mean", 0, func() { s.MeanPool(pooled, r.normed) }},
	}
}
