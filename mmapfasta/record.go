// Package mmapfasta finds the records of a FASTA file.
//
// A record starts at a line whose first byte is '>'. Its header is that line; its body is everything up to the next
// record or the end of the file:
//
//	>sp|P12345|NAME a description\n   header: [Offset, BodyOffset)
//	MKTAYIAKQRQISFVKSHFSRQ\n          body:   [BodyOffset, BodyEnd)
//	LEERLGLIEVQ\n
//	>next                             next record's Offset = BodyEnd
//
// All offsets are bytes from the start of the file, all spans are half-open. The spans of a file's records follow each
// other without a gap, from the first '>' to the end of the file.
//
// Whitespace is ASCII: space, tab, line feed, carriage return, vertical tab, form feed. The residues of a record are
// the bytes of its body that are not whitespace, so LF and CRLF line ends, ragged and blank lines, a missing last line
// end and empty bodies are all fine, and a '>' inside a line is a residue. Before the first record a UTF-8 byte order
// mark and blank lines are allowed and belong to no record. A file without records is valid.
//
// Scan refuses what is not FASTA, or not safely so, with a *ParseError: see errors.go.
//
// Building an index scans with Scan; reading records by offset goes through package mapped.
package mmapfasta

// Record is what Scan finds. It is valid during the call that hands it out only.
type Record struct {
	ID           []byte // header up to the first whitespace or Ctrl-A; the decimal Offset where that is empty
	Offset       int64  // of '>'
	BodyOffset   int64  // first byte after the header's line end, or the file's end
	BodyEnd      int64  // next record's Offset, or the file's end
	Length       int64  // residues
	LineResidues int64  // residues of a line, 0 when the body has no regular layout
	LineBytes    int64  // bytes of a line with its line end, 0 when the body has no regular layout
}
