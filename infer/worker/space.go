package worker

import (
	"fmt"

	"longfirst/index"
	"longfirst/infer/output"
)

// headerBytes is what the id and description of a record take on average, UniProt's being about 90.
const headerBytes = 128

// amount is what so many records, residues and blocks make.
func amount(records, residues, blocks int64) output.Amount {
	return output.Amount{Rows: records, Residues: residues, Text: headerBytes * records, Parts: blocks}
}

// DiskNeed estimates the bytes of a whole data set, and returns the bytes free where it would be written.
func DiskNeed(out string, x *index.Index, o output.ContentOptions, blocks int64) (need, free int64, err error) {
	var residues int64
	for length, err := range x.Lengths(index.Share(x.Len(), 0, 1)) {
		if err != nil {
			return 0, 0, err
		}
		if o.MaxLength > 0 {
			length = min(length, o.MaxLength)
		}
		residues += length
	}
	need = output.EstimateBytes(amount(x.Len(), residues, blocks), o.Columns, o.DType)
	free, err = output.FreeSpace(out)
	return need, free, err
}

// checkSpace refuses to begin what can't be written to the end: only what the queue still holds is counted.
func checkSpace(set Settings, q *queue) error {
	var records, residues, blocks int64
	for _, share := range q.shares {
		for _, t := range share {
			records += t.items.Stop - t.items.Start
			residues += t.residues
			blocks++
		}
	}
	need := output.EstimateBytes(amount(records, residues, blocks), set.Options.Columns, set.Options.DType)
	free, err := output.FreeSpace(set.Out)
	if err != nil {
		return err
	}
	if need > free {
		return fmt.Errorf("%s: %w: about %d MiB are needed, %d MiB are free; free some, name another --out, store --dtype float16, or fewer columns (--pool, --layers)",
			set.Out, ErrNoSpace, (need+1<<20-1)>>20, free>>20)
	}
	return nil
}
