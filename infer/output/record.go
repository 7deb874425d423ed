package output

// Row is one embedded record.
type Row struct {
	Ordinal     int64  // place of the record in file order
	ID          string // header bytes as they are; written as Text makes them
	Description string
	File        string
	ByteOffset  int64     // of the record's '>' in File
	Length      int64     // body bytes that are not ASCII whitespace
	Residues    int64     // residues that were embedded
	Unknown     int64     // of those, the ones that became <unk>
	Truncated   int64     // residues cut from the C terminus, 0 = none
	MD5         string    // of the upper-cased residues without whitespace, lower hex
	Embedding   []float32 // [D]
}

// SkipReason says why a record has no row.
type SkipReason string

const (
	// SkipEmpty marks a record without a residue to embed. It counts as done.
	SkipEmpty SkipReason = "empty"
	// SkipFailed marks a record whose computation failed. It does not count as done.
	SkipFailed SkipReason = "failed"
)

// Skip is a record that a part accounts for without a row.
type Skip struct {
	Ordinal    int64      `json:"ordinal"`
	Position   int64      `json:"position"` // place in the sorted order
	ID         string     `json:"id"`
	File       string     `json:"file"`
	ByteOffset int64      `json:"byte_offset"`
	Length     int64      `json:"length"`
	Reason     SkipReason `json:"reason"`
	Detail     string     `json:"detail,omitempty"`
}
