package gen

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// Shape names a kind of FASTA file.
type Shape string

// The shapes there are; see the package comment.
const (
	Protein    Shape = "protein"
	Nucleotide Shape = "nucleotide"
	Reads      Shape = "reads"
	Fragments  Shape = "fragments"
	Ties       Shape = "ties"
	Giant      Shape = "giant"
	Duplicates Shape = "duplicates"
	Dirty      Shape = "dirty"
)

// Shapes lists the shapes.
func Shapes() []Shape {
	return []Shape{Protein, Nucleotide, Reads, Fragments, Ties, Giant, Duplicates, Dirty}
}

// spec is what makes a shape.
type spec struct {
	length func(draw *rand.Rand, ordinal int64) int64
	header func(dst []byte, draw *rand.Rand, ordinal int64) []byte
	body   func(dst []byte, source *rand.PCG, length int64) []byte
	copies int64 // records in a row that are equal
	batch  int64 // records that are made at a time
}

// manyRecords of a few hundred bytes are made at a time.
const manyRecords = 1024

func (s Shape) spec() (spec, error) {
	protein := spec{logNormal(5.6, 0.72, 12, 36_000), proteinHeader, aminoAcids.lines(60), 1, manyRecords}
	switch s {
	case Protein:
		return protein, nil
	case Nucleotide:
		return spec{logNormal(13.5, 1.5, 2_000, 250_000_000), contigHeader, nucleotides.lines(80), 1, 1}, nil
	case Reads:
		return spec{readLength, readHeader, aminoAcids.lines(60), 1, manyRecords}, nil
	case Fragments:
		return spec{logNormal(4.87, 0.6, 20, 2_000), fragmentHeader, aminoAcids.lines(70), 1, manyRecords}, nil
	case Ties:
		protein.length = func(*rand.Rand, int64) int64 { return 350 }
		return protein, nil
	case Giant:
		protein.length = oneGiant(protein.length)
		return protein, nil
	case Duplicates:
		protein.copies = 4
		return protein, nil
	case Dirty:
		protein.length = someEmpty(protein.length)
		protein.body = raggedLines
		return protein, nil
	}
	names := make([]string, len(Shapes()))
	for i, known := range Shapes() {
		names[i] = string(known)
	}
	return spec{}, fmt.Errorf("%w: shape %q: it is one of %s", ErrOption, string(s), strings.Join(names, ", "))
}

// logNormal draws lengths whose logarithm has that mean and deviation, cut off at both ends.
func logNormal(mean, deviation float64, shortest, longest int64) func(*rand.Rand, int64) int64 {
	return func(draw *rand.Rand, _ int64) int64 {
		return min(max(int64(math.Exp(mean+float64(deviation*draw.NormFloat64()))), shortest), longest)
	}
}

// readLength draws the length of a translated read.
func readLength(draw *rand.Rand, _ int64) int64 {
	if draw.IntN(5) == 0 {
		return 20 + draw.Int64N(31)
	}
	return 51
}

const giantResidues = 20_000_000

func oneGiant(other func(*rand.Rand, int64) int64) func(*rand.Rand, int64) int64 {
	return func(draw *rand.Rand, ordinal int64) int64 {
		if ordinal == 0 {
			return giantResidues
		}
		return other(draw, ordinal)
	}
}

func someEmpty(other func(*rand.Rand, int64) int64) func(*rand.Rand, int64) int64 {
	return func(draw *rand.Rand, ordinal int64) int64 {
		if draw.IntN(64) == 0 {
			return 0
		}
		return other(draw, ordinal)
	}
}
