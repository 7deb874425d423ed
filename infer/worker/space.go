package worker

import (
	"fmt"

	"longfirst/index"
	"longfirst/infer/esm2"
	"longfirst/infer/output"
)

// headerBytes is what the id and description of a record take on average, UniProt's being about 90.
const headerBytes = 128

// DiskNeed estimates the bytes of a whole data set, and returns the bytes free where it would be written.
func DiskNeed(out string, x *index.Index, o output.ContentOptions, config esm2.Config, blocks int64) (need, free int64, err error) {
	need = output.EstimateBytes(x.Len(), headerBytes*x.Len(), config.HiddenSize, o.DType, blocks)
	free, err = output.FreeSpace(out)
	return need, free, err
}

// checkSpace refuses to begin what can't be written to the end: only what the queue still holds is counted.
func checkSpace(set Settings, q *queue, config esm2.Config) error {
	var records, blocks int64
	for _, share := range q.shares {
		for _, t := range share {
			records += t.items.Stop - t.items.Start
			blocks++
		}
	}
	need := output.EstimateBytes(records, headerBytes*records, config.HiddenSize, set.Options.DType, blocks)
	free, err := output.FreeSpace(set.Out)
	if err != nil {
		return err
	}
	if need > free {
		return fmt.Errorf("%s: %w: about %d MiB are needed, %d MiB are free; free some, name another --out, or store --dtype float16",
			set.Out, ErrNoSpace, (need+1<<20-1)>>20, free>>20)
	}
	return nil
}
