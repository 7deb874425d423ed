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

// EmbeddingColumn is what a data set holds where nothing else is asked for: the mean of the last layer.
func EmbeddingColumn(c esm2.Config) output.Columns {
	return output.Columns{output.NewColumn(output.PoolMean, c.Layers, c.Layers, c.HiddenSize)}
}

// collector makes columns of hidden states.
type collector struct {
	columns output.Columns
	wanted  []esm2.States // which layers, and as what: a slice that is not nil is wanted
}

func newCollector(columns output.Columns) *collector {
	c := &collector{columns: columns}
	for _, column := range columns {
		i := slices.IndexFunc(c.wanted, func(s esm2.States) bool { return s.Layer == column.Layer })
		if i < 0 {
			i = len(c.wanted)
			c.wanted = append(c.wanted, esm2.States{Layer: column.Layer})
		}
		// A mean is made where the states are; the others need them here.
		if column.Pool == output.PoolMean {
			c.wanted[i].Mean = []float32{}
		} else {
			c.wanted[i].Hidden = []float32{}
		}
	}
	return c
}

// tokenWidth returns how many numbers of a token are brought here.
func (c *collector) tokenWidth(hidden int) (width int) {
	for _, w := range c.wanted {
		if w.Hidden != nil {
			width += hidden
		}
	}
	return width
}

// room gives a batch memory for the hidden states.
func (c *collector) room(b *Batch, hidden int) {
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
	}
}

// collect gives the rows of a batch their values, once the hidden states are there.
func (c *collector) collect(b *Batch) {
	width := c.columns.InRows().Width()
	b.values = resize(b.values, len(b.Rows)*width)
	for i := range b.Rows {
		row := &b.Rows[i]
		values := b.values[i*width : (i+1)*width : (i+1)*width]
		row.Values, row.PerResidue = values, nil
		for _, column := range c.columns {
			at := slices.IndexFunc(b.states, func(s esm2.States) bool { return s.Layer == column.Layer })
			h, s := column.Width, b.states[at]
			if column.Pool == output.PoolMean {
				copy(values[:h], s.Mean[i*h:])
				values = values[h:]
				continue
			}
			first, end := int(b.CuSeqlens[i]), int(b.CuSeqlens[i+1])
			bos, residues := s.Hidden[first*h:(first+1)*h], s.Hidden[(first+1)*h:(end-1)*h]
			switch column.Pool {
			case output.PoolPerResidue:
				row.PerResidue = append(row.PerResidue, residues)
				continue
			case output.PoolCLS:
				copy(values, bos)
			case output.PoolMax:
				poolMax(values[:h], residues)
			case output.PoolStd:
				poolStd(values[:h], residues)
			}
			values = values[h:]
		}
	}
}

func resize(buffer []float32, n int) []float32 {
	if cap(buffer) < n {
		return make([]float32, n)
	}
	return buffer[:n]
}
