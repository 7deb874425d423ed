package esm2

import (
	"fmt"

	"longfirst/infer/backend"
)

// States asks for what a batch's hidden states are at a layer, as transformers gives them with output_hidden_states: 0 is the
// embedding, l the output of layer l, and the last one is taken after the final norm, which no other has seen.
type States struct {
	Layer  int
	Mean   []float32 // [B, H] over the residues of each sequence, without BOS and EOS; nil for none
	Hidden []float32 // [T, H] of every token; nil for none
	Logits []float32 // [T, V] of the language-model head, of the last layer; nil for none
}

// StartStates queues a batch. What is asked for is there after Finish; until then it belongs to the runner, as the batch's
// slices do.
//
// Errors: ErrBatch, and nothing is queued.
func (r *Runner) StartStates(b backend.Batch, wanted ...States) error {
	if err := r.check(b, wanted); err != nil {
		return err
	}
	if err := r.stream.Begin(b); err != nil {
		return err
	}
	r.tokens = len(b.Tokens)
	r.traced = r.traced[:0]
	r.wanted = wanted
	r.forward()
	return nil
}

// take queues what is asked for of a layer, and what is traced.
func (r *Runner) take(layer int) {
	for _, w := range r.wanted {
		if w.Layer != layer {
			continue
		}
		if w.Mean != nil {
			r.stream.MeanPool(w.Mean, r.hidden)
		}
		if w.Hidden != nil {
			r.stream.Read(w.Hidden, r.hidden)
		}
		if w.Logits != nil {
			r.predict(w.Logits)
		}
	}
	if r.trace != nil {
		hidden := make([]float32, r.tokens*r.model.config.HiddenSize)
		r.stream.Read(hidden, r.hidden)
		r.traced = append(r.traced, hidden)
	}
}

func (r *Runner) checkStates(b backend.Batch, w States) error {
	h, v := r.model.config.HiddenSize, r.model.config.VocabSize
	switch {
	case w.Layer < 0 || w.Layer > r.model.config.Layers:
		return fmt.Errorf("%w: hidden states of layer %d, there are 0 to %d", ErrBatch, w.Layer, r.model.config.Layers)
	case w.Mean != nil && len(w.Mean) != b.Sequences()*h:
		return fmt.Errorf("%w: room for %d numbers of %d sequences of %d", ErrBatch, len(w.Mean), b.Sequences(), h)
	case w.Hidden != nil && len(w.Hidden) != len(b.Tokens)*h:
		return fmt.Errorf("%w: room for %d numbers of %d tokens of %d", ErrBatch, len(w.Hidden), len(b.Tokens), h)
	case w.Logits != nil && (r.logits == nil || w.Layer != r.model.config.Layers || len(w.Logits) != len(b.Tokens)*v):
		return fmt.Errorf("%w: room for %d logits of %d tokens at layer %d, by a runner made with a head: %v",
			ErrBatch, len(w.Logits), len(b.Tokens), w.Layer, r.logits != nil)
	}
	return nil
}
