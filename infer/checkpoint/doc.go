// Package checkpoint reads the tensors of PyTorch checkpoints (.bin, .pt, .pth) and never executes anything.
//
// A checkpoint is a pickle (PEP 307, PEP 3154, Python's Lib/pickletools.py): a program for a stack machine which may name
// any Python function and have it called. This machine calls nothing. It knows the few names that rebuild tensors and
// dictionaries; whatever else a pickle names becomes an inert Object, which keeps the arguments to be looked at.
//
// Two containers are read (torch/serialization.py):
//
//	since 1.6   a zip archive, entries stored uncompressed: NAME/data.pkl, NAME/data/KEY (a storage each), NAME/byteorder
//	before      pickles end to end: magic number, protocol version, machine, content, storage keys;
//	            then for each key the number of elements (8 bytes, little-endian) and the elements
//
// The file is mapped: a contiguous tensor is a view of the mapping, so that a checkpoint may be larger than the memory.
package checkpoint
