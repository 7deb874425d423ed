package infer

import (
	"fmt"
	"slices"

	"longfirst/infer/esm2"
	"longfirst/infer/output"
)

// ChooseColumns returns the columns that pools make of layers of a model: one for each pool and layer, those of the last layer
// first. Layers are indices into the hidden states, 0 the token embeddings; a negative one counts from the end, -1 being the
// last layer. What is named twice is there once.
//
// Errors: ErrLayer, ErrPool.
func ChooseColumns(c esm2.Config, pools []output.Pool, layers []int) (columns output.Columns, err error) {
	var chosen []int
	for _, l := range layers {
		layer := l
		if l < 0 {
			layer += c.Layers + 1
		}
		if layer < 0 || layer > c.Layers {
			return nil, fmt.Errorf("%w: %d of a model of %d: they are 0 to %d, or -1 to -%d from the end", ErrLayer, l, c.Layers, c.Layers, c.Layers+1)
		}
		chosen = append(chosen, layer)
	}
	slices.SortFunc(chosen, func(a, b int) int {
		return (a+1)%(c.Layers+1) - (b+1)%(c.Layers+1) // the last one first
	})
	for _, p := range pools {
		if !slices.Contains(output.Pools, p) {
			return nil, fmt.Errorf("%w: %q", ErrPool, p)
		}
	}
	for _, layer := range slices.Compact(chosen) {
		for _, p := range output.Pools {
			if slices.Contains(pools, p) {
				columns = append(columns, output.NewColumn(p, layer, c.Layers, c.HiddenSize))
			}
		}
	}
	return columns, nil
}

// HeadColumns are the columns that are made of a model's logits.
func HeadColumns(c esm2.Config) (columns output.Columns) {
	for _, p := range output.HeadPools {
		width := c.VocabSize
		if p == output.PoolPerplexity {
			width = 1
		}
		columns = append(columns, output.NewColumn(p, c.Layers, c.Layers, width))
	}
	return columns
}

// ScoresColumn is what a classifier makes of the mean of the last layer.
func ScoresColumn(c esm2.Config, classifier *Classifier) output.Column {
	column := output.NewColumn(output.PoolScores, c.Layers, c.Layers, classifier.Scores())
	column.Digest = classifier.Digest
	return column
}

// EmbeddingColumn is what a data set holds where nothing else is asked for: the mean of the last layer.
func EmbeddingColumn(c esm2.Config) output.Columns {
	return output.Columns{output.NewColumn(output.PoolMean, c.Layers, c.Layers, c.HiddenSize)}
}

// collector makes columns of hidden states.
type collector struct {
	columns output.Columns
	wanted  []esm2.States // which layers, and as what: a slice that is not nil is wanted

	classifier *Classifier // of column scores
}

func newCollector(columns output.Columns) *collector {
	c := &collector{columns: columns}
	for _, column := range columns {
		i := slices.IndexFunc(c.wanted, func(s esm2.States) bool { return s.Layer == column.Layer })
		if i < 0 {
			i = len(c.wanted)
			c.wanted = append(c.wanted, esm2.States{Layer: column.Layer})
		}
		switch { // a mean is made where the states are; the others need them here
		case column.FromHead():
			c.wanted[i].Logits = []float32{}
		case column.Pool == output.PoolMean, column.Pool == output.PoolScores:
			c.wanted[i].Mean = []float32{}
		default:
			c.wanted[i].Hidden = []float32{}
		}
	}
	return c
}

// ready returns an error where a column has nothing to be made with.
func (c *collector) ready() error {
	for _, column := range c.columns {
		if column.Pool == output.PoolScores && (c.classifier == nil || c.classifier.Digest != column.Digest) {
			return fmt.Errorf("%w: column %s is of the head with SHA-256 %s", ErrClassifier, column.Name, column.Digest)
		}
	}
	return nil
}

// needsHead reports whether there are columns of the language-model head.
func (c *collector) needsHead() bool { return slices.ContainsFunc(c.columns, output.Column.FromHead) }

// tokenWidth returns how many numbers of a token are brought here.
func (c *collector) tokenWidth(config esm2.Config) (width int) {
	for _, w := range c.wanted {
		if w.Hidden != nil {
			width += config.HiddenSize
		}
		if w.Logits != nil {
			width += config.VocabSize
		}
	}
	return width
}

// room gives a batch memory for what the model is asked for.
func (c *collector) room(b *Batch, config esm2.Config) {
	hidden := config.HiddenSize
	if b.states == nil {
		b.states = slices.Clone(c.wanted)
	}
	for i := range b.states {
		s := &b.states[i]
		if s.Mean != nil {
			s.Mean = resize(s.Mean, len(b.Rows)*hidden)
		}
		if s.Hidden != nil {
			s.Hidden = resize(s.Hidden, len(b.Tokens)*hidden)
		}
		if s.Logits != nil {
			s.Logits = resize(s.Logits, len(b.Tokens)*config.VocabSize)
		}
	}
}

// collect gives the rows of a batch their values, once the hidden states are there.
func (c *collector) collect(b *Batch, config esm2.Config) {
	for _, s := range b.states {
		if s.Logits != nil {
			logSoftmax(s.Logits, config.VocabSize)
		}
	}
	width := c.columns.InRows().Width()
	b.values = resize(b.values, len(b.Rows)*width)
	for i := range b.Rows {
		row := &b.Rows[i]
		values := b.values[i*width : (i+1)*width : (i+1)*width]
		row.Values, row.PerResidue = values, nil
		for _, column := range c.columns {
			at := slices.IndexFunc(b.states, func(s esm2.States) bool { return s.Layer == column.Layer })
			h, v, s := config.HiddenSize, config.VocabSize, b.states[at]
			bos, end := int(b.CuSeqlens[i]), int(b.CuSeqlens[i+1])-1
			into := values[:0]
			if !column.PerResidue() {
				into, values = values[:column.Width], values[column.Width:]
			}
			switch first := bos + 1; column.Pool {
			case output.PoolMean:
				copy(into, s.Mean[i*h:])
			case output.PoolScores:
				c.classifier.score(into, s.Mean[i*h:(i+1)*h])
			case output.PoolCLS:
				copy(into, s.Hidden[bos*h:])
			case output.PoolMax:
				poolMax(into, s.Hidden[first*h:end*h])
			case output.PoolStd:
				poolStd(into, s.Hidden[first*h:end*h])
			case output.PoolPerResidue:
				row.PerResidue = append(row.PerResidue, s.Hidden[first*h:end*h])
			case output.PoolPerplexity:
				into[0] = pseudoPerplexity(s.Logits[first*v:end*v], b.Tokens[first:end])
			case output.PoolLogProbs:
				row.PerResidue = append(row.PerResidue, s.Logits[first*v:end*v])
			}
		}
	}
}

func resize(buffer []float32, n int) []float32 {
	if cap(buffer) < n {
		return make([]float32, n)
	}
	return buffer[:n]
}
