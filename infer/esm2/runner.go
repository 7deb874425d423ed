package esm2

import (
	"errors"
	"fmt"

	"longfirst/infer/backend"
)

// Runner runs batches through a model, one at a time: Start, then Finish. It is not safe for concurrent use; several
// runners of one model are independent.
type Runner struct {
	model        *Model
	stream       backend.Stream
	maxTokens    int
	maxSequences int

	// Activations [maxTokens, width].
	hidden      backend.Activation // [T, H] the residual stream
	normed      backend.Activation // [T, H] also attention's output
	qkv         backend.Activation // [T, 3H]
	feedForward backend.Activation // [T, F]
	logits      backend.Activation // [T, V]; nil without a head

	tokens int // T of the batch in hand
	wanted []States
	traced [][]float32
	trace  func(layer int, hidden []float32)
}

// ActivationWidth returns how many numbers a token takes in all activations of a runner.
func (c Config) ActivationWidth() int { return (1+1+3)*c.HiddenSize + c.IntermediateSize }

// NewRunner prepares memory for batches of up to maxTokens tokens in up to maxSequences sequences.
func (m *Model) NewRunner(maxTokens, maxSequences int) (*Runner, error) {
	if maxTokens < 1 || maxSequences < 1 {
		return nil, fmt.Errorf("%w: a runner for %d tokens in %d sequences", ErrBatch, maxTokens, maxSequences)
	}
	stream, err := m.backend.NewStream(maxTokens, maxSequences)
	if err != nil {
		return nil, err
	}
	r := &Runner{model: m, stream: stream, maxTokens: maxTokens, maxSequences: maxSequences}
	for _, a := range []struct {
		to    *backend.Activation
		width int
	}{
		{&r.hidden, m.config.HiddenSize},
		{&r.normed, m.config.HiddenSize},
		{&r.qkv, 3 * m.config.HiddenSize},
		{&r.feedForward, m.config.IntermediateSize},
	} {
		if *a.to, err = stream.Activation(a.width); err != nil {
			return nil, errors.Join(err, stream.Close())
		}
	}
	if m.head != nil {
		if r.logits, err = stream.Activation(m.config.VocabSize); err != nil {
			return nil, errors.Join(err, stream.Close())
		}
	}
	return r, nil
}

// Trace makes every following Finish call fn with the hidden states [T, H] of layers 0 to L, as transformers gives them
// with output_hidden_states: 0 is the embedding, i the output of layer i, and the last one is taken after the final norm.
// The slice is valid during the call. nil ends tracing.
func (r *Runner) Trace(fn func(layer int, hidden []float32)) { r.trace = fn }

// Start is StartStates for the mean embeddings [B, H], which are in pooled after Finish. A sequence of BOS and EOS alone
// gives zeros.
func (r *Runner) Start(b backend.Batch, pooled []float32) error {
	return r.StartStates(b, States{Layer: r.model.config.Layers, Mean: pooled})
}

// Finish waits for the batch. A weights file that changed under the mapping is named here.
func (r *Runner) Finish() error {
	if err := r.stream.Finish(); err != nil {
		for _, f := range r.model.files() {
			if changed := f.Unchanged(); changed != nil {
				err = errors.Join(changed, err)
			}
		}
		return err
	}
	if r.trace != nil {
		for i, hidden := range r.traced {
			r.trace(i, hidden)
		}
	}
	return nil
}

// Close frees the runner's memory.
func (r *Runner) Close() error { return r.stream.Close() }

// forward queues the forward pass; r.hidden ends as the final-norm hidden states.
func (r *Runner) forward() {
	m, s, c := r.model, r.stream, r.model.config
	eps := float32(c.LayerNormEps)
	s.Embed(r.hidden, m.embeddings, c.embeddingScale())
	r.take(0)
	for i, l := range m.layers {
		s.LayerNorm(r.normed, r.hidden, l.attentionNorm.gain, l.attentionNorm.bias, eps)
		s.LinearQKV(r.qkv, r.normed, l.qkv.weight, l.qkv.bias, m.frequencies, c.Heads)
		s.Attention(r.normed, r.qkv, c.Heads)
		s.LinearAdd(r.hidden, r.normed, l.attentionOut.weight, l.attentionOut.bias)

		s.LayerNorm(r.normed, r.hidden, l.forwardNorm.gain, l.forwardNorm.bias, eps)
		s.LinearGELU(r.feedForward, r.normed, l.up.weight, l.up.bias)
		s.LinearAdd(r.hidden, r.feedForward, l.down.weight, l.down.bias)
		if i < len(m.layers)-1 {
			r.take(i + 1)
		}
	}
	s.LayerNorm(r.hidden, r.hidden, m.final.gain, m.final.bias, eps)
	r.take(len(m.layers))
}

func (r *Runner) check(b backend.Batch, wanted []States) error {
	c := r.model.config
	sequences := b.Sequences()
	switch {
	case sequences < 1 || sequences > r.maxSequences || len(b.Tokens) > r.maxTokens:
		return fmt.Errorf("%w: %d tokens in %d sequences, the runner holds %d in %d",
			ErrBatch, len(b.Tokens), sequences, r.maxTokens, r.maxSequences)
	case b.CuSeqlens[0] != 0 || int(b.CuSeqlens[sequences]) != len(b.Tokens):
		return fmt.Errorf("%w: cumulative lengths do not span the %d tokens", ErrBatch, len(b.Tokens))
	}
	for _, w := range wanted {
		if err := r.checkStates(b, w); err != nil {
			return err
		}
	}
	for i := range sequences {
		if b.CuSeqlens[i+1] <= b.CuSeqlens[i] {
			return fmt.Errorf("%w: sequence %d is empty", ErrBatch, i)
		}
	}
	for i, token := range b.Tokens {
		if int(token) >= c.VocabSize {
			return fmt.Errorf("%w: token %d is %d, the model has %d", ErrBatch, i, token, c.VocabSize)
		}
		// Masked tokens are zeroed and change the scale of their sequence; embeddings of natural sequences have none.
		if c.TokenDropout && int(token) == c.MaskTokenID {
			return fmt.Errorf("%w: token %d is <mask>, which a model with token_dropout does not embed", ErrBatch, i)
		}
	}
	return nil
}
