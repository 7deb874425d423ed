// Package output writes and reads a data set of embeddings: a folder OUT that survives a kill at any instant.
//
//	OUT/embeddings/part-rRRRRR-of-NNNNN-bBBBBBB.parquet   one per block, nothing else in this folder
//	OUT/COLUMN/part-rRRRRR-of-NNNNN-bBBBBBB.npy           an array file of the part, for each column per residue
//	OUT/manifest.json   what the data set is made of; fixed by the first run
//	OUT/_SUCCESS        written after the proof that every record is embedded or empty, exactly once
//	OUT/skipped.tsv     records without a row, and why
//	OUT/logs/  OUT/tmp/
//
// A part is written in OUT/tmp, synced, renamed into OUT/embeddings, and the folder is synced: a file in that folder is
// whole. It accounts for every record of its block: a row each or, for empty and failed records, an entry in its own
// metadata. Equal rows and equal PartInfo give equal bytes, so that data sets can be compared file by file.
//
// # Part format
//
// Parquet, pages uncompressed and each with its CRC-32, row groups of at most 64 MiB. Every column is required.
//
//	ordinal      int64    place of the record in file order, from 0
//	id           string   header up to the first whitespace
//	description  string   rest of the header
//	file         string   FASTA path
//	byte_offset  int64    of the record's '>'
//	length       int64    body bytes that are not ASCII whitespace
//	residues     int64    residues that were embedded
//	unknown      int64    of those, the ones the vocabulary does not hold
//	truncated    int64    residues cut from the C terminus, 0 = none
//	md5          string   of the upper-cased residues without whitespace, lower hex
//
// Behind them what a model computed, for each of the data set's Columns:
//
//	NAME         LIST of Width required floats (float32, or the FLOAT16 logical type)
//	NAME_offset  int64, of a column per residue: the record's first row in the array file
//
// An array file is NumPy's format 1.0 with a header of 128 bytes: [rows, Width] floats, little-endian, in C order, the residues of
// the part's records in the order of its rows. PartInfo tells its rows and the XXH3-128 of its elements. It is durable
// before the part is renamed, and an older part goes first: a part's array files are its own, and one without them is missing.
//
// Parquet strings are UTF-8 and FASTA headers need not be: a header byte that is not part of valid UTF-8 is written as
// the four characters \xNN.
//
// Parquet has no fixed-size list. Key ARROW:schema of the file metadata holds the Arrow schema (base64 of an
// encapsulated IPC message), from which pyarrow and polars read the lists as fixed_size_list[D] and Array(D). Key
// longfirst holds PartInfo as JSON, key longfirst.xxh3_128 a checksum of the whole file (ChecksumKey).
//
// # Text files
//
// skipped.tsv (ordinal, id, file, byte_offset, length, reason, detail) and an export's ids.tsv (ExportedColumns) are
// tab-separated with a header line, in ordinal order. Tab, line feed and carriage return inside a field are written as
// \t, \n and \r; a field that begins with a quote is quoted, quotes in it doubled, as in CSV.
package output
