package worker

import (
	"longfirst/infer"
	"longfirst/infer/esm2"
)

// MemoryNeed is what computing on the CPU takes, in bytes.
type MemoryNeed struct {
	Weights int64 // mapped once for all worker processes
	Own     int64 // of each worker process besides
}

const (
	// programBytes is what a process takes that computes nothing: the runtime, its code, the mapped index.
	programBytes = 40 << 20

	// A part that is written takes its row group, and that once more encoded.
	rowGroupBytes  = 64 << 20
	rowGroupCopies = 2
)

// PlanMemory estimates the memory of a run on the CPU: longest is of the records, in residues, rows the most that a block
// has.
func PlanMemory(set Settings, config esm2.Config, longest, rows int64) (need MemoryNeed, err error) {
	stamps, err := esm2.Stamps(set.Model)
	if err != nil {
		return need, err
	}
	for _, s := range stamps {
		need.Weights += s.Stamp.Size
	}
	if set.Device == CPUInt8 {
		need.Weights = config.Parameters() // a byte each, but for the few that stay exact
	}
	if set.Options.MaxLength > 0 {
		longest = min(longest, set.Options.MaxLength)
	}
	tokens := max(int64(infer.CPUBatch(set.Threads)), longest+2)
	group := min(rowGroupBytes, rows*int64(headerBytes+set.Options.Columns.InRows().Width()*set.Options.DType.Size()))
	need.Own = programBytes + infer.ActivationBytes(config, set.Options.Columns, tokens) + rowGroupCopies*group
	return need, nil
}
