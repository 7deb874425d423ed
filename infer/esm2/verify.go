package esm2

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"longfirst/infer/backend"
)

// verifySequence is embedded by Verify: with the published vocabulary, between BOS and EOS, the token ids
// 0 6 4 13 5 4 16 12 11 7 2 that transformers tests its ESM-2 with.
const verifySequence = "GLDALQITV"

// nearlyPublished is the largest difference from published values that the same weights can have, computed badly; other
// weights differ by about as much as the values are large.
const nearlyPublished = 0.02

// Verification is what Verify found about a model that can be run.
type Verification struct {
	Sequence string
	Largest  float64       // magnitude among the last hidden states
	Corner   [3][3]float64 // the first dimensions of the last hidden states of the first tokens

	// Published values of a model of this config, if any are known, and by how much Corner differs at most.
	Published  *Published
	Difference float64
}

// Agrees tells whether there are published values and they came out.
func (v Verification) Agrees() bool {
	return v.Published != nil && v.Difference <= v.Published.Tolerance
}

// Verify proves what can be proven of a model and of the computation without anything beside it: all weights are finite,
// a short sequence gives finite hidden states, and where values of a model with this config were published, whether they
// come out.
//
// Errors: ErrWeights for a tensor with NaN or Inf, ErrNotFinite, and ErrPublished for values so close to the published ones
// that the weights are theirs, but not within the tolerance.
func (m *Model) Verify() (Verification, error) {
	v := Verification{Sequence: verifySequence}
	if err := m.CheckFinite(); err != nil {
		return v, err
	}
	hidden, err := m.lastHidden(verifySequence)
	if err != nil {
		return v, err
	}
	h := m.config.HiddenSize
	for i, x := range hidden {
		if size := math.Abs(float64(x)); size <= math.MaxFloat32 {
			v.Largest = max(v.Largest, size)
			continue
		}
		return v, fmt.Errorf("%s: %w: token %d, dimension %d of the last hidden states is %v although every weight is finite",
			m.set.Path(), ErrNotFinite, i/h, i%h, x)
	}
	for t := range v.Corner {
		for d := range min(h, len(v.Corner[t])) {
			v.Corner[t][d] = float64(hidden[t*h+d])
		}
	}
	known, ok := PublishedFor(m.config)
	if !ok {
		return v, nil
	}
	return v, v.compare(m.set.Path(), known)
}

// compare notes how far the corner is from published values.
func (v *Verification) compare(path string, known Published) error {
	v.Published = &known
	for t, row := range known.Corner {
		for d, want := range row {
			v.Difference = max(v.Difference, math.Abs(v.Corner[t][d]-want))
		}
	}
	if v.Difference > known.Tolerance && v.Difference < nearlyPublished {
		return fmt.Errorf("%s: %w: hidden states differ by up to %.1e from those of %s, allowed are %g: "+
			"the weights were rounded or changed a little, or this machine computes badly",
			path, ErrPublished, v.Difference, known.Model, known.Tolerance)
	}
	return nil
}

// lastHidden returns the last hidden states [T, H] of a sequence of letters of the vocabulary.
func (m *Model) lastHidden(sequence string) (hidden []float32, err error) {
	tokens := []uint8{m.vocabulary.BOS}
	for _, letter := range sequence {
		id, ok := m.vocabulary.ID(string(letter))
		if !ok {
			return nil, fmt.Errorf("%s: %w: there is no token %c in %s", m.set.Path(), ErrVocabulary, letter, VocabularyFile)
		}
		tokens = append(tokens, id)
	}
	tokens = append(tokens, m.vocabulary.EOS)
	r, err := m.NewRunner(len(tokens), 1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	r.Trace(func(_ int, states []float32) { hidden = slices.Clone(states) })
	pooled := make([]float32, m.config.HiddenSize)
	if err := r.Start(backend.Batch{Tokens: tokens, CuSeqlens: []int32{0, int32(len(tokens))}}, pooled); err != nil {
		return nil, err
	}
	err = r.Finish()
	return hidden, err
}
