package infer

import (
	"errors"
	"fmt"

	"longfirst/index"
	"longfirst/infer/backend"
	"longfirst/infer/esm2"
	"longfirst/infer/output"
)

// BatchTokens returns how many tokens a batch had best have on the device that holds a model, to make those columns.
func BatchTokens(m *esm2.Model, columns output.Columns, threads int) (int, error) {
	if sizer, ok := m.Backend().(backend.Sizer); ok {
		brought := newCollector(columns).tokenWidth(m.Config()) // leaves the device from memory of its own
		return sizer.BatchTokens(m.Config().ActivationWidth()+brought, batchesOnDevice)
	}
	return CPUBatch(threads), nil
}

// ActivationBytes returns what the batches that an Embedder of those columns has in hand take on the CPU, of that many tokens
// each.
func ActivationBytes(c esm2.Config, columns output.Columns, tokens int64) int64 {
	brought := newCollector(columns).tokenWidth(c)
	return 4 * tokens * int64(batchesOnDevice*c.ActivationWidth()+batchesInFlight*brought)
}

// FitEmbedder is NewEmbedder with batches as large as suit the device. Where its memory does not hold them they are halved,
// which halved is told, until they do.
//
// Errors: backend.ErrMemory where the longest record alone does not fit.
func FitEmbedder(x *index.Index, m *esm2.Model, columns output.Columns, gaps Gaps, maxLength int64, threads int, halved func(tokens int, why error)) (*Embedder, error) {
	tokenBudget, err := BatchTokens(m, columns, threads)
	if err != nil {
		return nil, err
	}
	for {
		e, err := NewEmbedder(x, m, columns, gaps, maxLength, tokenBudget)
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
