// Package worker runs a data set in processes: a supervisor that hands out blocks and children that compute them.
//
//	supervisor ── starts ──> child      the same executable, one device each, in its own process group
//	           <── hello ───            what the child sees of the machine
//	           ── orders ──>            index, model, options: the same for every child of a run
//	           <── ready ───            model loaded; the numeric class of its results
//	           ── lease ───>            (rank, block)
//	           <── alive ───            every few seconds while the child gets on, inside a long batch too
//	           <── progress ─           a batch is embedded
//	           <── done ────            the block's part is published
//	           <── failed ──            the block is not, and why
//
// Messages are JSON, one a line, on the child's stdin and stdout. The child reads the entries of a block itself, through
// the cursor of the index; no entry crosses the pipe. A child whose stdin ends stops within a second, in the middle of a
// block too, so no child outlives its supervisor; on Linux the kernel also kills it when the supervisor dies, which
// reaches a stopped child.
//
// The only state a run leaves is the parts it published. A supervisor starts by looking which are there.
package worker
