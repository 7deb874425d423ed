package output

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Pool says what is made of the hidden states of a sequence.
type Pool string

const (
	PoolMean       Pool = "mean"        // over the residues, without BOS and EOS
	PoolCLS        Pool = "cls"         // the state of BOS
	PoolMax        Pool = "max"         // over the residues, dimension by dimension
	PoolStd        Pool = "std"         // over the residues, divisor n: numpy.std
	PoolPerResidue Pool = "per-residue" // the states of the residues themselves
)

// What is made of the logits of the language-model head, from one pass over the sequence as it is, without masks.
const (
	PoolPerplexity Pool = "pseudo-perplexity" // exp of minus the mean of the residues' own log-probabilities: one number
	PoolLogProbs   Pool = "log-probs"         // of each token of the vocabulary, for each residue
)

// PoolScores is what a classifier makes of the mean of the last layer.
const PoolScores Pool = "scores"

// Pools are those of hidden states, HeadPools those of the language-model head, in the order their columns have.
var (
	Pools     = []Pool{PoolMean, PoolCLS, PoolMax, PoolStd, PoolPerResidue}
	HeadPools = []Pool{PoolPerplexity, PoolLogProbs}
)

// Column is one of the things that a model computes of a record. Everything that writes, reads, proves, plans or exports a
// data set follows its columns.
//
// Most have Width numbers for a record, and stand in the part. A column per residue has Width numbers for each residue,
// which stand in an array file of the part; the part then holds, as column NAME_offset, the row of the array that the record
// begins at: its rows are as many as its residues.
type Column struct {
	Name  string `json:"name"`
	Pool  Pool   `json:"pool"`
	Layer int    `json:"layer"` // index into the hidden states: 0 the token embeddings, the last one behind the final norm
	Width int    `json:"width"`

	Digest string `json:"digest,omitempty"` // of the classifier that makes it
}

// NewColumn describes what a pool makes of a layer of a model of that many layers, of hidden states of that width. The mean of
// the last layer is named embedding, other columns by their pool and, if it is not the last, their layer.
func NewColumn(pool Pool, layer, layers, width int) Column {
	name := strings.ReplaceAll(string(pool), "-", "_")
	switch {
	case layer < layers:
		name += fmt.Sprintf("_l%d", layer)
	case pool == PoolMean:
		name = "embedding"
	}
	return Column{Name: name, Pool: pool, Layer: layer, Width: width}
}

// PerResidue reports whether the column is in an array file.
func (c Column) PerResidue() bool { return c.Pool == PoolPerResidue || c.Pool == PoolLogProbs }

// Scalar reports whether the column is a number and no list. It is float32 whatever the data set's element type is.
func (c Column) Scalar() bool { return c.Pool == PoolPerplexity }

// FromHead reports whether the column is made of logits.
func (c Column) FromHead() bool { return slices.Contains(HeadPools, c.Pool) }

// Element returns the type of the column's elements in a data set of type t.
func (c Column) Element(t DType) DType {
	if c.Scalar() {
		return Float32
	}
	return t
}

// stored is the name of what the part holds of the column.
func (c Column) stored() string {
	if c.PerResidue() {
		return c.Name + "_offset"
	}
	return c.Name
}

// Columns are the columns of a data set, in order.
type Columns []Column

// Equal reports whether both are the same columns.
func (cs Columns) Equal(others Columns) bool { return slices.Equal(cs, others) }

// Find returns the column of that name.
func (cs Columns) Find(name string) (Column, error) {
	for _, c := range cs {
		if c.Name == name {
			return c, nil
		}
	}
	return Column{}, fmt.Errorf("%w: %q, it has %s", ErrNoColumn, name, cs)
}

// InRows returns the columns that stand in the parts.
func (cs Columns) InRows() Columns { return cs.where(func(c Column) bool { return !c.PerResidue() }) }

// InArrays returns the columns that stand in array files.
func (cs Columns) InArrays() Columns { return cs.where(Column.PerResidue) }

func (cs Columns) where(want func(Column) bool) (chosen Columns) {
	for _, c := range cs {
		if want(c) {
			chosen = append(chosen, c)
		}
	}
	return chosen
}

// Width returns the numbers that the columns have together, of a record or of a residue.
func (cs Columns) Width() (width int) {
	for _, c := range cs {
		width += c.Width
	}
	return width
}

// Split cuts numbers that are laid end to end, Width in all, into those of each column.
func (cs Columns) Split(values []float32) iter.Seq2[Column, []float32] {
	return func(yield func(Column, []float32) bool) {
		for _, c := range cs {
			if !yield(c, values[:c.Width:c.Width]) {
				return
			}
			values = values[c.Width:]
		}
	}
}

// String names the columns, and the classifier if there is one.
func (cs Columns) String() string {
	var names []string
	for _, c := range cs {
		name := c.Name
		if c.Digest != "" {
			name += " (of the head with SHA-256 " + c.Digest[:min(8, len(c.Digest))] + ")"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// check refuses columns that no data set can have.
func (cs Columns) check() error {
	if len(cs) == 0 {
		return fmt.Errorf("%w: none at all", ErrColumns)
	}
	for i, c := range cs {
		if c.Width < 1 || c.Name == "" || !slices.Contains(slices.Concat(Pools, HeadPools, []Pool{PoolScores}), c.Pool) || c.Scalar() && c.Width != 1 || slices.Contains(recordColumns, c.Name) {
			return fmt.Errorf("%w: %+v", ErrColumns, c)
		}
		if slices.ContainsFunc(cs[:i], func(other Column) bool { return other.Name == c.Name }) {
			return fmt.Errorf("%w: %s is there twice", ErrColumns, c.Name)
		}
	}
	return nil
}
