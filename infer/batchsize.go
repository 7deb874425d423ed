package infer

import (
	"errors"
	"fmt"

	"longfirst/index"
	"longfirst/infer/backend"
	"longfirst/infer/esm2"
)

// BatchTokens returns how many tokens a batch had best have on the device that holds a model.
func BatchTokens(m *esm2.Model, threads int) (int, error) {
	if sizer, ok := m.Backend().(backend.Sizer); ok {
		return sizer.BatchTokens(m.Config().ActivationWidth(), batchesOnDevice)
	}
	return CPUBatch(threads), nil
}

// ActivationBytes returns what the batches that an Embedder has on a device take there, of that many tokens each.
func ActivationBytes(c esm2.Config, tokens int64) int64 {
	return batchesOnDevice * tokens * int64(c.ActivationWidth()) * 4
}

// FitEmbedder is NewEmbedder with batches as large as suit the device. Where its memory does not hold them they are halved,
// which halved is told, until they do.
//
// Errors: backend.ErrMemory where the longest record alone does not fit.
func FitEmbedder(x *index.Index, m *esm2.Model, gaps Gaps, maxLength int64, threads int, halved func(tokens int, why error)) (*Embedder, error) {
	tokenBudget, err := BatchTokens(m, threads)
	if err != nil {
		return nil, err
	}
	for {
		e, err := NewEmbedder(x, m, gaps, maxLength, tokenBudget)
		if !errors.Is(err, backend.ErrMemory) {
			return e, err
		}
		if longest := tokens(x.Longest(), maxLength); int64(tokenBudget) <= longest || tokenBudget < 2 {
			return nil, fmt.Errorf("a batch of the longest record alone, %d tokens: %w; cut records with --max-length, or compute on the CPU with --device cpu", longest, err)
		}
		tokenBudget /= 2
		halved(tokenBudget, err)
	}
}
