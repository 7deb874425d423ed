package esm2

import (
	"errors"
	"fmt"

	"longfirst/infer/backend"
	"longfirst/infer/safetensors"
	"longfirst/mmapfasta/mapped"
)

// languageHead predicts tokens from the last hidden states, as EsmLMHead of transformers: a linear layer with GELU, a layer
// norm, and a linear layer whose weights are those of the token embeddings, unless the file has its own.
type languageHead struct {
	dense   linear // [H, H]
	norm    norm
	decoder linear         // [V, H]
	zeros   backend.Matrix // [V, V]: what a product is added to
}

// LoadHead loads the language-model head, unless it was before; runners that are made afterwards give logits. It must not
// run beside other methods. The error is ErrWeights for weights that hold none.
func (m *Model) LoadHead() error {
	if m.head != nil {
		return nil
	}
	return mapped.Guard(m.loadHead, m.set.Files()...)
}

// CheckHead returns ErrWeights for a model folder whose weights hold no language-model head.
func CheckHead(dir string) error {
	set, err := safetensors.OpenModel(dir)
	if err != nil {
		return err
	}
	return errors.Join(findHead(set), set.Close())
}

// headDense is the head's first layer. The head is beside the encoder, not under "esm.".
const headDense = "lm_head.dense"

func findHead(set *safetensors.Set) error {
	if _, ok := set.Tensor(headDense + ".weight"); !ok {
		return fmt.Errorf("%s: %w: there is no tensor %s.weight: these weights hold no language-model head; take those of EsmForMaskedLM",
			set.Path(), ErrWeights, headDense)
	}
	return nil
}

func (m *Model) loadHead() error {
	const decoder = "lm_head.decoder.weight"
	if err := findHead(m.set); err != nil {
		return err
	}
	w := &weights{set: m.set}
	h, v := m.config.HiddenSize, m.config.VocabSize
	l := loader{weights: w, model: m}
	head := &languageHead{dense: l.linear(h, h, headDense), norm: l.norm("lm_head.layer_norm", h)}
	head.decoder.weight = m.embeddings
	if _, ok := m.set.Tensor(decoder); ok {
		head.decoder.weight = l.matrix([]int{v, h}, decoder)
	}
	head.decoder.bias = l.hold(take(&l, func() (backend.Tensor, error) { return l.vector(v, "lm_head.bias", "lm_head.decoder.bias") }))
	head.zeros = take(&l, func() (backend.Matrix, error) {
		return m.backend.Matrix(backend.Tensor{Name: "zeros", DType: backend.F32, Shape: []int{v, v}, Data: make([]byte, 4*v*v)})
	})
	if l.err == nil {
		m.head = head
	}
	return l.err
}

// predict queues the logits of the last hidden states.
func (r *Runner) predict(logits []float32) {
	head, s := r.model.head, r.stream
	s.LinearGELU(r.normed, r.hidden, head.dense.weight, head.dense.bias)
	s.LayerNorm(r.normed, r.normed, head.norm.gain, head.norm.bias, float32(r.model.config.LayerNormEps))
	s.Embed(r.logits, head.zeros, 1)
	s.LinearAdd(r.logits, r.normed, head.decoder.weight, head.decoder.bias)
	s.Read(logits, r.logits)
}
