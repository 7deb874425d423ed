package infer

import (
	"fmt"

	"longfirst/infer/backend"
	"longfirst/infer/esm2"
	"longfirst/infer/output"
	"longfirst/mmapfasta"
)

// Batch is a packed batch with what the data set says of its sequences: Rows[i] describes sequence i. Skips are records
// that were met while the batch was filled and have no residues to embed, or whose embedding failed.
type Batch struct {
	backend.Batch
	Rows  []output.Row
	Skips []output.Skip

	states    []esm2.States // that the model was asked for
	values    []float32     // of Rows
	positions []int64       // of Rows
	text      []byte        // ids, descriptions and digests of Rows, made one string when the batch is full
	spans     []textSpan
	digest    residueDigest
}

// textSpan locates the three strings of a row in Batch.text.
type textSpan struct{ id, description, md5, end int }

func newBatch() *Batch { return new(Batch) }

func (b *Batch) reset() {
	b.Tokens = b.Tokens[:0]
	b.CuSeqlens = append(b.CuSeqlens[:0], 0)
	b.Rows, b.Skips = b.Rows[:0], nil
	b.positions, b.text, b.spans = b.positions[:0], b.text[:0], b.spans[:0]
}

// add tokenizes a record into the batch.
func (b *Batch) add(t *Tokenizer, r *Record, path string) {
	tokens, n := t.Append(b.Tokens, r.Body)
	if n.Residues == 0 {
		detail := "no residues"
		if r.Length > 0 {
			detail = "nothing but gaps and a stop"
		}
		b.Skips = append(b.Skips, b.skip(r, path, output.SkipEmpty, detail))
		return
	}
	b.Tokens = tokens
	b.CuSeqlens = append(b.CuSeqlens, int32(len(tokens)))
	b.positions = append(b.positions, r.Position)
	b.Rows = append(b.Rows, output.Row{
		Ordinal: r.Ordinal, File: path, ByteOffset: r.Offset, Length: r.Length,
		Residues: n.Residues, Unknown: n.Unknown, Truncated: n.Truncated,
	})
	_, description := mmapfasta.ParseHeader(r.Header)
	var s textSpan
	s.id = len(b.text)
	b.text = append(b.text, r.ID...)
	s.description = len(b.text)
	b.text = append(b.text, description...)
	s.md5 = len(b.text)
	b.text = b.digest.append(b.text, r.Body)
	s.end = len(b.text)
	b.spans = append(b.spans, s)
}

func (b *Batch) skip(r *Record, path string, reason output.SkipReason, detail string) output.Skip {
	return output.Skip{Ordinal: r.Ordinal, Position: r.Position, ID: string(r.ID), File: path,
		ByteOffset: r.Offset, Length: r.Length, Reason: reason, Detail: detail}
}

// Drop turns the rows with a value that t does not hold as a finite number into failed skips, and returns how many.
func (b *Batch) Drop(columns output.Columns, t output.DType) (dropped int) {
	kept := 0
	for i, row := range b.Rows {
		err := row.Finite(columns, t)
		if err == nil {
			b.Rows[kept], b.positions[kept] = row, b.positions[i]
			kept++
			continue
		}
		b.Skips = append(b.Skips, output.Skip{Ordinal: row.Ordinal, Position: b.positions[i], ID: row.ID, File: row.File,
			ByteOffset: row.ByteOffset, Length: row.Length, Reason: output.SkipFailed,
			Detail: err.Error()})
		dropped++
	}
	b.Rows, b.positions = b.Rows[:kept], b.positions[:kept]
	return dropped
}

// failed says which batch an error is of.
func (b *Batch) failed(err error) error {
	return fmt.Errorf("batch of %d sequences from position %d: %w", len(b.Rows), b.positions[0], err)
}

// seal gives the rows their strings, all cut from one.
func (b *Batch) seal() {
	text := string(b.text)
	for i, s := range b.spans {
		b.Rows[i].ID = text[s.id:s.description]
		b.Rows[i].Description = text[s.description:s.md5]
		b.Rows[i].MD5 = text[s.md5:s.end]
	}
}
