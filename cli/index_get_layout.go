package main

import (
	"bytes"
	"io"

	"github.com/urfave/cli/v2"

	"longfirst/infer"
	"longfirst/mmapfasta"
)

// layout is how the lines of a record are broken: as they are, or after so many residues.
type layout struct {
	asStored bool
	width    int // 0 for one line
	buffer   []byte
}

func layoutOf(c *cli.Context) layout {
	return layout{asStored: !c.IsSet("width"), width: c.Int("width")}
}

// write writes a record. One that ends its file without a line end gets one.
func (l *layout) write(w io.Writer, r *infer.Record) error {
	parts := [][]byte{r.Header, r.Body}
	if !l.asStored {
		parts = [][]byte{bytes.TrimRight(r.Header, "\r\n"), l.body(r.Body)}
	}
	last := byte('\n')
	for _, part := range parts {
		if len(part) == 0 {
			continue
		}
		last = part[len(part)-1]
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	if last != '\n' {
		_, err := w.Write([]byte{'\n'})
		return err
	}
	return nil
}

// body returns the residues in lines, each behind its line end.
func (l *layout) body(body []byte) []byte {
	residues := mmapfasta.AppendResidues(l.buffer[:0], body)
	size := len(residues)
	width := l.width
	if width == 0 {
		width = max(size, 1)
	}
	for start := 0; start < size; start += width {
		residues = append(append(residues, '\n'), residues[start:min(start+width, size)]...)
	}
	l.buffer = residues
	return residues[size:]
}
