// Package infer turns the records of an index into embeddings, one block at a time.
//
//	index entry -> view of the mapped FASTA -> token ids -> packed batch -> ESM-2 -> rows of a part
//
// A block is a run of consecutive items of one rank's share (design: the unit of lease, retry, checkpoint and output).
// Which records a block holds follows from the index, the world size and the BlockRule alone, so every process derives
// the same blocks. Inside a block the records are packed, longest first, into batches without padding; an embedding does
// not depend on the batch it was computed in, so packing leaves no trace in the output.
//
// Reading, computing and writing of a block overlap: three stages joined by channels of batches, each batch's buffers
// used again once its rows are written.
package infer
