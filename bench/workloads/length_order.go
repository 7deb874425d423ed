package workloads

import (
	"context"
	"errors"
	"fmt"
	"math/bits"

	"github.com/zeebo/xxh3"

	"longfirst/bench"
	"longfirst/bench/limits"
	"longfirst/index"
	"longfirst/infer"
)

// LengthOrder reads all bodies longest first, through the index's cursor and the mapped FASTA file, and looks at every
// byte.
type LengthOrder struct {
	In *input

	index     *index.Index
	sources   *infer.Sources
	want, got bodySum
}

// bodySum hashes bodies in their order.
type bodySum struct {
	bytes int64
	hash  uint64
}

func (s *bodySum) add(body []byte) {
	s.bytes += int64(len(body))
	s.hash = bits.RotateLeft64(s.hash, 5) ^ xxh3.Hash(body)
}

func (w *LengthOrder) Name() string { return "read-length-order" }

func (w *LengthOrder) Case() string { return "input=" + w.In.String() }

func (w *LengthOrder) Shows() string {
	return "how fast records are read longest first through cursor and mapped file, every byte hashed, beside what one thread reads in order"
}

func (w *LengthOrder) Limits() []limits.Limit { return []limits.Limit{oneReader} }

func (w *LengthOrder) Prepare(ctx context.Context, dir string) (err error) {
	if w.index, err = w.In.index(ctx, dir); err != nil {
		return err
	}
	w.sources = infer.NewSources(w.index)
	sorted, err := longestFirst(ctx, w.In.paths)
	if err != nil {
		return err
	}
	return bodies(w.In.paths, sorted, w.want.add)
}

func (w *LengthOrder) Run(ctx context.Context) error {
	w.got = bodySum{}
	return w.sources.Each(ctx, index.Share(w.index.Len(), 0, 1), func(r *infer.Record) error {
		w.got.add(r.Body)
		return nil
	})
}

func (w *LengthOrder) Figures(e bench.Elapsed) []bench.Figure {
	return []bench.Figure{
		bench.PerSecond("MB/s", float64(w.got.bytes)/1e6, e.Wall, oneReader),
		bench.PerSecond("records/s", float64(w.index.Len()), e.Wall),
	}
}

// Check compares the hashes with those of a plain scan's sorted records.
func (w *LengthOrder) Check(context.Context) error {
	if w.got != w.want {
		return fmt.Errorf("%s: read %d bytes, hash %016x; sorted, the file has %d, hash %016x", w.index.Path(), w.got.bytes, w.got.hash, w.want.bytes, w.want.hash)
	}
	return nil
}

func (w *LengthOrder) Sentence(r *bench.Result) string {
	return fmt.Sprintf("Reading longest first (%s): %.0f MB/s, %.0f records/s; that is %.0f %% of what one thread reads in order; every byte was compared with the sorted file.",
		w.In, r.Main().Median, r.Find("records/s").Median, r.Find(oneReader.ShareUnit()).Median)
}

func (w *LengthOrder) Close() error {
	var errs []error
	if w.sources != nil {
		errs = append(errs, w.sources.Close())
	}
	if w.index != nil {
		errs = append(errs, w.index.Close())
	}
	return errors.Join(errs...)
}
