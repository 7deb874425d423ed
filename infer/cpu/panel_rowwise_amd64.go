//go:build amd64 && !purego

package cpu

import "longfirst/infer/backend"

// Embed looks the tokens up. Columns behind the last token are set to zero.
func (s *panelStream) Embed(dst backend.Activation, table backend.Matrix, scale float32) {
	out, rows := dst.(*panels), table.(*matrix)
	if !s.fitsEmbed(out.width, rows) {
		return
	}
	s.each(func(t tile, w *scratch) {
		columns := s.geometry.panel
		row := growAligned(&w.row, rows.k)
		for panel := t.from; panel < t.to; panel++ {
			to := out.rows(panel, 0, out.width)
			for column := range columns {
				token := panel*columns + column
				if token < s.tokens() {
					rows.row(row, int(s.batch.Tokens[token]), 0)
				} else {
					clear(row)
				}
				for i, v := range row {
					to[i*columns+column] = v * scale
				}
			}
		}
	})
}

// LayerNorm normalizes each token.
func (s *panelStream) LayerNorm(dst, src backend.Activation, gain, bias backend.Vector, eps float32) {
	out, in, g, b := dst.(*panels), src.(*panels), gain.(*vector), bias.(*vector)
	if !s.fitsNorm(out.width, in.width, g, b) {
		return
	}
	s.each(func(t tile, _ *scratch) {
		for panel := t.from; panel < t.to; panel++ {
			s.backend.level.norm(out.at(panel, 0), in.at(panel, 0), &g.values[0], &b.values[0], in.width, eps)
		}
	})
}

// MeanPool averages over residues: the tokens of a sequence without its first and last. The tile that holds a sequence's
// last token computes it.
func (s *panelStream) MeanPool(dst []float32, src backend.Activation) {
	in := src.(*panels)
	if !s.fitsMean(dst, in.width) {
		return
	}
	s.spanning(func(t tile, w *scratch) {
		s.sequences(t, func(sequence, from, to int) {
			if (to-1)/s.geometry.panel < t.to {
				s.mean(dst[sequence*in.width:][:in.width], in, from+1, to-1, w)
			}
		})
	})
}

// mean averages tokens [from, to), adding them in order.
func (s *panelStream) mean(dst []float32, in *panels, from, to int, w *scratch) {
	columns := s.geometry.panel
	sums := grow(&w.mean, in.width)
	clear(sums)
	for panel := from / columns; panel*columns < to; panel++ {
		first, end := s.span(panel, from, to)
		rows := in.rows(panel, 0, in.width)
		for i, sum := range sums {
			for _, v := range rows[i*columns:][first:end] {
				sum += float64(v)
			}
			sums[i] = sum
		}
	}
	residues := float64(max(to-from, 1))
	for i, sum := range sums {
		dst[i] = float32(sum / residues)
	}
}

// Read copies an activation to host memory.
func (s *panelStream) Read(dst []float32, src backend.Activation) {
	in := src.(*panels)
	if !s.fitsRead(dst, in.width) {
		return
	}
	s.each(func(t tile, _ *scratch) {
		columns := s.geometry.panel
		for token := t.from * columns; token < min(t.to*columns, s.tokens()); token++ {
			rows := in.rows(token/columns, 0, in.width)
			row := dst[token*in.width:][:in.width]
			for i := range row {
				row[i] = rows[i*columns+token%columns]
			}
		}
	})
}
