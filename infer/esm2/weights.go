package esm2

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"longfirst/infer/backend"
	"longfirst/infer/safetensors"
)

// prefixes are where a file may keep the encoder: EsmModel at the root, EsmForMaskedLM and other heads under "esm.".
var prefixes = []string{"", "esm."}

// weights looks tensors up by their name in EsmModel, whatever spelling the file has. Tensors that the embeddings do not
// need (lm_head, contact_head, pooler, position_embeddings) are never asked for.
type weights struct {
	set    *safetensors.Set
	prefix string
}

func newWeights(set *safetensors.Set) (*weights, error) {
	const probe = "embeddings.word_embeddings.weight"
	for _, prefix := range prefixes {
		if _, ok := set.Tensor(prefix + probe); ok {
			return &weights{set, prefix}, nil
		}
	}
	return nil, fmt.Errorf("%s: %w: there is no tensor %s, with or without \"esm.\" before it: these are not the weights of an ESM-2 model",
		set.Path(), ErrWeights, probe)
}

// tensor returns the tensor of one of the spellings, which must have that shape and be F32, F16 or BF16.
func (w *weights) tensor(shape []int, spellings ...string) (backend.Tensor, error) {
	for _, name := range spellings {
		t, ok := w.set.Tensor(w.prefix + name)
		if !ok {
			continue
		}
		dtype, ok := dtypes[t.DType]
		if !ok {
			return backend.Tensor{}, fmt.Errorf("%s: %w: tensor %s is %s; convert the model to F32, F16 or BF16",
				w.set.Path(), ErrWeights, t.Name, t.DType)
		}
		if !slices.Equal(t.Shape, shape) {
			return backend.Tensor{}, fmt.Errorf("%s: %w: tensor %s has shape %v, config.json asks for %v",
				w.set.Path(), ErrWeights, t.Name, t.Shape, shape)
		}
		return backend.Tensor{Name: t.Name, DType: dtype, Shape: t.Shape, Data: t.Data}, nil
	}
	return backend.Tensor{}, fmt.Errorf("%s: %w: tensor %s%s is missing; the file is incomplete or belongs to another config.json",
		w.set.Path(), ErrWeights, w.prefix, strings.Join(spellings, " or "))
}

// vector is tensor for a vector [n], checked to be finite.
func (w *weights) vector(n int, spellings ...string) (backend.Tensor, error) {
	t, err := w.tensor([]int{n}, spellings...)
	if err != nil {
		return t, err
	}
	return t, w.finite(t)
}

func (w *weights) finite(t backend.Tensor) error {
	if i, bad := firstNonFinite(t); bad {
		return fmt.Errorf("%s: %w: element %d of tensor %s is NaN or Inf; download the model again or take an F32 version of it",
			w.set.Path(), ErrWeights, i, t.Name)
	}
	return nil
}

// norm returns gain and bias of a layer norm [n]; transformers 5 writes the norms inside layers as gamma and beta.
func (w *weights) norm(name string, n int) (gain, bias backend.Tensor, err error) {
	if gain, err = w.vector(n, name+".weight", name+".gamma"); err != nil {
		return
	}
	bias, err = w.vector(n, name+".bias", name+".beta")
	return
}

var dtypes = map[string]backend.DType{"F32": backend.F32, "F16": backend.F16, "BF16": backend.BF16}

// firstNonFinite returns the index of the first NaN or Inf: an exponent of ones.
func firstNonFinite(t backend.Tensor) (int, bool) {
	if t.DType == backend.F32 {
		for i := 0; i+4 <= len(t.Data); i += 4 {
			if binary.LittleEndian.Uint32(t.Data[i:])&0x7f80_0000 == 0x7f80_0000 {
				return i / 4, true
			}
		}
		return 0, false
	}
	exponent := uint16(0x7c00)
	if t.DType == backend.BF16 {
		exponent = 0x7f80
	}
	for i := 0; i+2 <= len(t.Data); i += 2 {
		if binary.LittleEndian.Uint16(t.Data[i:])&exponent == exponent {
			return i / 2, true
		}
	}
	return 0, false
}

// frequencies returns the inverse frequencies [D/2] that the model's rotary positions use, as F32.
//
// Stored ones win over the formula: the published checkpoints were trained in half precision and keep theta^(-2i/D)
// rounded to it, in F32 files as well, and transformers computes with what is stored. Recomputing them would turn distant
// tokens against each other by up to a tenth of a radian.
func (w *weights) frequencies(c Config) (backend.Tensor, error) {
	formula := inverseFrequencies(c.HeadDim(), c.RopeTheta)
	var values []float32
	var from string
	for _, name := range w.frequencyNames(c.Layers) {
		t, err := w.vector(len(formula), name)
		if err != nil {
			return t, err
		}
		stored := make([]float32, len(formula))
		t.DType.Widen(stored, t.Data)
		if values == nil {
			values, from = stored, t.Name
		} else if !slices.Equal(values, stored) {
			return t, fmt.Errorf("%s: %w: rotary frequencies %s differ from those of %s; ESM-2 has the same ones in every layer",
				w.set.Path(), ErrWeights, t.Name, from)
		}
	}
	if values == nil {
		values, from = formula, "formula"
	}
	for i := range formula {
		if math.Abs(float64(values[i]-formula[i])) > frequencyTolerance*float64(formula[i]) {
			return backend.Tensor{}, fmt.Errorf("%s: %w: rotary frequency %d of %s is %g, ESM-2's is %g (rope_theta %g, head size %d): "+
				"the file belongs to another config.json", w.set.Path(), ErrWeights, i, from, values[i], formula[i], c.RopeTheta, c.HeadDim())
		}
	}
	return vectorOf("rotary inverse frequencies", values), nil
}

// frequencyTolerance allows the rounding of the coarsest stored type, BF16 (2^-9), and one rounding more.
const frequencyTolerance = 1.0 / 256

// frequencyNames returns the spellings of the frequencies that the file has: one for the model or one a layer.
// transformers 5 writes the model's under a name with a literal asterisk.
func (w *weights) frequencyNames(layers int) (names []string) {
	candidates := []string{"rotary_embeddings.inv_freq", "encoder.layer.*.attention.self.rotary_embeddings.inv_freq"}
	for l := range layers {
		candidates = append(candidates, fmt.Sprintf("encoder.layer.%d.attention.self.rotary_embeddings.inv_freq", l))
	}
	for _, name := range candidates {
		if _, ok := w.set.Tensor(w.prefix + name); ok {
			names = append(names, name)
		}
	}
	return names
}

// inverseFrequencies returns theta^(-2i/D) for i in [0, D/2) with the roundings of transformers, which computes in F32.
func inverseFrequencies(headDim int, theta float64) []float32 {
	values := make([]float32, headDim/2)
	for i := range values {
		exponent := float32(2*i) / float32(headDim)
		values[i] = 1 / float32(math.Pow(theta, float64(exponent)))
	}
	return values
}

func vectorOf(name string, values []float32) backend.Tensor {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return backend.Tensor{Name: name, DType: backend.F32, Shape: []int{len(values)}, Data: data}
}
