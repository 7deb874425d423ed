package index

import (
	"encoding/hex"

	"longfirst/mmapfasta/expand"
	"longfirst/mmapfasta/mapped"
)

// Entry is what the index knows of one record. Offsets count bytes from the start of the text of the record's file.
type Entry struct {
	Position int64 // place in the sorted order
	Ordinal  int64 // place in file order, over all files
	File     int   // number of the file, into Files
	ID       []byte

	Offset     int64 // of '>'
	BodyOffset int64 // first byte after the header line
	BodyEnd    int64 // first byte after the body
	Length     int64 // residues

	// The layout of the body where every line but the last has the same number of residues and the same line end, and
	// no blanks inside; 0, 0 elsewhere. See mmapfasta.Record.
	LineResidues, LineBytes int64
}

// FileInfo is what the index knows of one FASTA file.
type FileInfo struct {
	Path         string // absolute
	Number       int    // place in the list, from 0
	Stamp        mapped.Stamp
	Format       expand.Format // how the file is compressed, if it is
	TextSize     int64         // bytes of its text: those of the file, or what they decompress to
	Hash         [16]byte      // XXH3-128 of the text, see mmapfasta.Content
	Records      int64
	Residues     int64
	FirstOrdinal int64 // ordinal of the file's first record: the records of the files before it
}

// Digest names the content of an index: the order, sizes and contents of its files and all its entries. It does not
// depend on paths, modification times or the time of the build.
type Digest [32]byte

func (d Digest) String() string { return hex.EncodeToString(d[:]) }
