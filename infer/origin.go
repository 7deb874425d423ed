package infer

import (
	"context"
	"fmt"

	"longfirst/index"
	"longfirst/infer/output"
)

// CheckOrigin compares the rows of a part with the records of its block, read from the FASTA files: id, place, length
// and the digest of the residues. A row that is of something else is an ErrOrigin; other errors are those of reading.
func (s *Sources) CheckOrigin(ctx context.Context, block index.Range, part *output.Part) error {
	rows := make(map[int64]output.Row, part.Info.Rows)
	for row, err := range part.Records() {
		if err != nil {
			return err
		}
		rows[row.Ordinal] = *row
	}
	var digest residueDigest
	var text []byte
	return s.Each(ctx, block, func(r *Record) error {
		row, ok := rows[r.Ordinal]
		if !ok {
			return nil // the part states why
		}
		text = digest.append(text[:0], r.Body)
		differs := func(what string, has, wants any) error {
			return fmt.Errorf("%s: %w: of ordinal %d the part has %s %v, %s has %v at byte %d",
				part.Path, ErrOrigin, r.Ordinal, what, has, s.Path(r.File), wants, r.Offset)
		}
		switch id := output.Text(string(r.ID)); {
		case row.ID != id:
			return differs("id", row.ID, id)
		case row.ByteOffset != r.Offset:
			return differs("byte offset", row.ByteOffset, r.Offset)
		case row.Length != r.Length:
			return differs("length", row.Length, r.Length)
		case row.MD5 != string(text):
			return differs("md5", row.MD5, string(text))
		}
		return nil
	})
}
