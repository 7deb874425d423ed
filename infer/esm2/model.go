package esm2

import (
	"errors"
	"fmt"
	"slices"

	"longfirst/infer/backend"
	"longfirst/infer/safetensors"
	"longfirst/mmapfasta/mapped"
)

// Model is an ESM-2 with its weights on a device. It is safe for concurrent use by its runners.
type Model struct {
	config     Config
	vocabulary *Vocabulary
	backend    backend.Backend
	set        *safetensors.Set
	int8       *safetensors.Set // quantized linear layers, if they are what is computed with
	used       []backend.Tensor // the matrices, for CheckFinite

	embeddings  backend.Matrix // [V, H]
	layers      []layer
	final       norm
	frequencies backend.Vector // [D/2]
	head        *languageHead  // once LoadHead was called
}

type norm struct{ gain, bias backend.Vector } // [H]

type linear struct {
	weight backend.Matrix // [N, K]
	bias   backend.Vector // [N]
}

type layer struct {
	attentionNorm norm
	qkv           linear // [3H, H]
	attentionOut  linear // [H, H]
	forwardNorm   norm
	up            linear // [F, H]
	down          linear // [H, F]
}

// Load reads a model folder onto a backend, which stays the caller's to close, after the model. Errors: ErrConfig,
// ErrVocabulary, ErrWeights, and those of package safetensors.
func Load(dir string, b backend.Backend) (*Model, error) { return open(dir, b, nil) }

func open(dir string, b backend.Backend, int8 *safetensors.Set) (*Model, error) {
	config, err := ReadConfig(dir)
	if err != nil {
		return nil, err
	}
	vocabulary, err := ReadVocabulary(dir)
	if err != nil {
		return nil, err
	}
	if vocabulary.Len() > config.VocabSize {
		return nil, fmt.Errorf("%s: %w: %d tokens in %s, config.json's vocab_size is %d",
			dir, ErrVocabulary, vocabulary.Len(), VocabularyFile, config.VocabSize)
	}
	set, err := safetensors.OpenModel(dir)
	if err != nil {
		return nil, err
	}
	m := &Model{config: config, vocabulary: vocabulary, backend: b, set: set, int8: int8}
	if err := mapped.Guard(m.load, m.files()...); err != nil {
		return nil, errors.Join(err, set.Close())
	}
	return m, nil
}

// Config returns what config.json says.
func (m *Model) Config() Config { return m.config }

// Backend returns the device that holds the weights.
func (m *Model) Backend() backend.Backend { return m.backend }

// Vocabulary returns the model's tokens.
func (m *Model) Vocabulary() *Vocabulary { return m.vocabulary }

// Close unmaps the weights. Runners must be closed before, and the backend must not be used with them after.
func (m *Model) Close() error {
	if m.int8 != nil {
		return errors.Join(m.set.Close(), m.int8.Close())
	}
	return m.set.Close()
}

// files returns the mapped files that the forward pass reads.
func (m *Model) files() []*mapped.File {
	if m.int8 != nil {
		return slices.Concat(m.int8.Files(), m.set.Files())
	}
	return m.set.Files()
}

// CheckFinite reads all matrices and names the first one that holds NaN or Inf, with ErrWeights: the question to ask
// when an embedding comes out as NaN or Inf, which is the weights' fault or else that of one sequence.
func (m *Model) CheckFinite() error {
	return mapped.Guard(func() error {
		w := weights{set: m.set}
		for _, t := range m.used {
			if err := w.finite(t); err != nil {
				return err
			}
		}
		return nil
	}, m.set.Files()...)
}

// load takes the tensors from the file in the order the forward pass uses them.
func (m *Model) load() error {
	w, err := newWeights(m.set)
	if err != nil {
		return err
	}
	l := loader{weights: w, model: m}
	h, f := m.config.HiddenSize, m.config.IntermediateSize
	m.embeddings = l.matrix([]int{m.config.VocabSize, h}, "embeddings.word_embeddings.weight")
	for i := range m.config.Layers {
		l.int8 = m.int8 != nil && i >= exactLayers
		name := fmt.Sprintf("encoder.layer.%d.", i)
		m.layers = append(m.layers, layer{
			attentionNorm: l.norm(name+"attention.LayerNorm", h),
			qkv:           l.linear(h, h, name+"attention.self.query", name+"attention.self.key", name+"attention.self.value"),
			attentionOut:  l.linear(h, h, name+"attention.output.dense"),
			forwardNorm:   l.norm(name+"LayerNorm", h),
			up:            l.linear(f, h, name+"intermediate.dense"),
			down:          l.linear(h, f, name+"output.dense"),
		})
	}
	m.final = l.norm("encoder.emb_layer_norm_after", h)
	m.frequencies = l.frequencies(m.config)
	return l.err
}

// loader hands tensors to the backend and keeps the first error.
type loader struct {
	*weights
	model *Model
	int8  bool // the linear layers asked for are quantized
	err   error
}

func (l *loader) matrix(shape []int, names ...string) backend.Matrix {
	var rows []backend.Tensor
	for _, name := range names {
		rows = append(rows, take(l, func() (backend.Tensor, error) { return l.tensor(shape, name) }))
	}
	l.model.used = append(l.model.used, rows...)
	return take(l, func() (backend.Matrix, error) { return l.model.backend.Matrix(rows...) })
}

// linear stacks the linear layers of those names, each [n, k], by rows.
func (l *loader) linear(n, k int, names ...string) linear {
	var weightNames []string
	var biases []backend.Tensor
	for _, name := range names {
		weightNames = append(weightNames, name+".weight")
		biases = append(biases, take(l, func() (backend.Tensor, error) { return l.vector(n, name+".bias") }))
	}
	if l.int8 {
		return linear{l.int8Matrix(n, k, names...), l.hold(biases...)}
	}
	return linear{l.matrix([]int{n, k}, weightNames...), l.hold(biases...)}
}

func (l *loader) norm(name string, n int) norm {
	var bias backend.Tensor
	gain := take(l, func() (gain backend.Tensor, err error) {
		gain, bias, err = l.weights.norm(name, n)
		return
	})
	return norm{l.hold(gain), l.hold(bias)}
}

func (l *loader) frequencies(c Config) backend.Vector {
	return l.hold(take(l, func() (backend.Tensor, error) { return l.weights.frequencies(c) }))
}

func (l *loader) hold(parts ...backend.Tensor) backend.Vector {
	return take(l, func() (backend.Vector, error) { return l.model.backend.Vector(parts...) })
}

// take runs get unless an earlier one failed.
func take[T any](l *loader, get func() (T, error)) (value T) {
	if l.err == nil {
		value, l.err = get()
	}
	return value
}
