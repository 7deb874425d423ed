package workloads

import (
	"context"
	"errors"
	"fmt"

	"github.com/zeebo/xxh3"

	"longfirst/bench"
	"longfirst/bench/limits"
	"longfirst/index"
	"longfirst/infer"
	"longfirst/infer/esm2"
	"longfirst/mmapfasta"
)

// TokenisePack runs the whole of inference but the model: records are read longest first, tokenised, packed into batches
// and described as rows, for a device that takes no time.
type TokenisePack struct {
	In *input

	backend  *nullBackend
	index    *index.Index
	model    *esm2.Model
	embedder *infer.Embedder

	rows       int64
	wantTokens int64
	wantHash   uint64
}

func (w *TokenisePack) Name() string { return "tokenise-pack" }

func (w *TokenisePack) Case() string { return "input=" + w.In.String() }

func (w *TokenisePack) Shows() string {
	return "how many residues a second a device can be fed: read, tokenised, packed, and their rows described, MD5 included; a device that is faster waits"
}

func (w *TokenisePack) Limits() []limits.Limit { return []limits.Limit{oneReader} }

func (w *TokenisePack) Prepare(ctx context.Context, dir string) (err error) {
	if w.index, err = w.In.index(ctx, dir); err != nil {
		return err
	}
	tiny := namedModel("tiny")
	if err := tiny.prepare(dir); err != nil {
		return err
	}
	w.backend = &nullBackend{tokens: xxh3.New()}
	if w.model, err = esm2.Load(tiny.folder, w.backend); err != nil {
		return err
	}
	if w.embedder, err = infer.NewEmbedder(w.index, w.model, infer.EmbeddingColumn(w.model.Config()), infer.DropGaps, maxLength, infer.CPUTokenBudget); err != nil {
		return err
	}
	return w.expect(ctx)
}

// expect makes the tokens of the sorted file in the plainest way: proteins hold nothing but letters of the vocabulary.
func (w *TokenisePack) expect(ctx context.Context) error {
	sorted, err := longestFirst(ctx, w.In.paths)
	if err != nil {
		return err
	}
	vocabulary := w.model.Vocabulary()
	var ids [256]uint8
	for c := range ids {
		id, known := vocabulary.ID(string(rune(c)))
		if !known {
			id = vocabulary.Unk
		}
		ids[c] = id
	}
	hash := xxh3.New()
	var tokens, residues []byte
	err = bodies(w.In.paths, sorted, func(body []byte) {
		residues = mmapfasta.AppendResidues(residues[:0], body)
		tokens = append(tokens[:0], vocabulary.BOS)
		for _, c := range residues[:min(len(residues), maxLength)] {
			tokens = append(tokens, ids[c])
		}
		tokens = append(tokens, vocabulary.EOS)
		w.wantTokens += int64(len(tokens))
		hash.Write(tokens)
	})
	w.wantHash = hash.Sum64()
	return err
}

func (w *TokenisePack) Run(ctx context.Context) error {
	w.backend.tokens.Reset()
	w.backend.fed, w.backend.batches, w.rows = 0, 0, 0
	return w.embedder.Embed(ctx, index.Share(w.index.Len(), 0, 1), func(int64) (string, bool) { return "", false }, func(b *infer.Batch) error {
		w.rows += int64(len(b.Rows))
		return nil
	})
}

func (w *TokenisePack) Figures(e bench.Elapsed) []bench.Figure {
	residues := float64(w.backend.fed - 2*w.rows)
	return []bench.Figure{
		bench.PerSecond("residues/s", residues, e.Wall),
		bench.PerSecond("residues/cpu-s", residues, e.CPU),
		{Unit: "%full", Value: 100 * float64(w.backend.fed) / float64(w.backend.batches) / infer.CPUTokenBudget},
	}
}

// Check compares the tokens, in their order, with those of the sorted file.
func (w *TokenisePack) Check(context.Context) error {
	if w.rows != w.index.Len() || w.backend.fed != w.wantTokens || w.backend.tokens.Sum64() != w.wantHash {
		return fmt.Errorf("%d rows of %d, %d tokens of %d, or they are others than the sorted file's", w.rows, w.index.Len(), w.backend.fed, w.wantTokens)
	}
	return nil
}

func (w *TokenisePack) Sentence(r *bench.Result) string {
	return fmt.Sprintf("Feeding a device (%s): %.1f million residues/s tokenised and packed, batches %.1f %% full; every token was compared with the sorted file.",
		w.In, r.Main().Median/1e6, r.Find("%full").Median)
}

func (w *TokenisePack) Close() error {
	var errs []error
	if w.embedder != nil {
		errs = append(errs, w.embedder.Close())
	}
	if w.model != nil {
		errs = append(errs, w.model.Close())
	}
	if w.index != nil {
		errs = append(errs, w.index.Close())
	}
	return errors.Join(errs...)
}
