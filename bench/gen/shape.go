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
	Ties       Shape = "ties"
)

// Shapes lists the shapes.
func Shapes() []Shape { return []Shape{Protein, Nucleotide, Ties} }

// spec is what makes a shape.
type spec struct {
	length  func(*rand.Rand) int64
	header  func(dst []byte, draw *rand.Rand, ordinal int64) []byte
	letters *alphabet
	columns int
}

func (s Shape) spec() (spec, error) {
	switch s {
	case Protein:
		return spec{logNormal(5.6, 0.72, 12, 36_000), proteinHeader, aminoAcids, 60}, nil
	case Nucleotide:
		return spec{logNormal(13.5, 1.5, 2_000, 250_000_000), contigHeader, nucleotides, 80}, nil
	case Ties:
		return spec{func(*rand.Rand) int64 { return 350 }, proteinHeader, aminoAcids, 60}, nil
	}
	names := make([]string, len(Shapes()))
	for i, known := range Shapes() {
		names[i] = string(known)
	}
	return spec{}, fmt.Errorf("%w: shape %q: it is one of %s", ErrOption, string(s), strings.Join(names, ", "))
}

// logNormal draws lengths whose logarithm has that mean and deviation, cut off at both ends.
func logNormal(mean, deviation float64, shortest, longest int64) func(*rand.Rand) int64 {
	return func(draw *rand.Rand) int64 {
		return min(max(int64(math.Exp(mean+float64(deviation*draw.NormFloat64()))), shortest), longest)
	}
}

// body writes length residues in lines.
func (s spec) body(out *buffer, source *rand.PCG, length int64) error {
	for length > 0 {
		if err := out.reserve(s.columns + 1); err != nil {
			return err
		}
		begin := len(out.text)
		end := begin + int(min(length, int64(s.columns)))
		out.text = out.text[:end+1]
		s.letters.fill(out.text[begin:end], source)
		out.text[end] = '\n'
		length -= int64(end - begin)
	}
	// A header of any length fits after this.
	return out.reserve(headerRoom)
}
