package main

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"strings"

	"longfirst/index"
)

// warnOfNucleotides says so where a protein model is about to read nucleotides as amino acids, which is a mistake nearly
// always but nobody's business to refuse.
func warnOfNucleotides(ctx context.Context, log *slog.Logger, x *index.Index) {
	found, err := x.FindNucleotides(ctx)
	if err != nil {
		log.Debug("records were not looked at for nucleotides", "error", err) // who reads them next says so
		return
	}
	if found.Records == 0 {
		return
	}
	of := "records"
	if found.LookedAt < x.Len() {
		of = "records looked at"
	}
	log.Warn(fmt.Sprintf("%s of %s %s look like nucleotides, such as %s: a protein model takes their letters for amino acids; "+
		"leave them out with longfirst index get --kind protein, or translate them first",
		thousands(found.Records), thousands(found.LookedAt), of, strings.Join(found.Examples, ", ")))
}

const (
	kindProtein    = "protein"
	kindNucleotide = "nucleotide"
)

// ofKind leaves those entries that look like nucleotides, or those that do not.
func ofKind(ctx context.Context, x *index.Index, kind string, entries iter.Seq2[*index.Entry, error]) (iter.Seq2[*index.Entry, error], error) {
	nucleotides := make([]uint64, x.Len()/64+1) // a bit per ordinal
	if err := x.EachClasses(ctx, func(ordinal int64, c *index.Classes) error {
		if c[index.ClassNucleotide] > 0 {
			nucleotides[ordinal/64] |= 1 << (ordinal % 64)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	return func(yield func(*index.Entry, error) bool) {
		for e, err := range entries {
			if err == nil && (nucleotides[e.Ordinal/64]>>(e.Ordinal%64)&1 == 1) != (kind == kindNucleotide) {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}, nil
}
