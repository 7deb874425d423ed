package output

import "fmt"

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
	Values      []float32 // of the columns in rows, laid end to end

	// Of each column in an array. Offsets are the rows at which the record begins, as they are read; PerResidue its numbers,
	// Residues·Width each, as they are written.
	Offsets    []int64
	PerResidue [][]float32
}

// fits refuses a row that does not hold what the columns ask for.
func (r *Row) fits(columns Columns) error {
	if n := columns.InRows().Width(); len(r.Values) != n {
		return fmt.Errorf("%d values, want %d", len(r.Values), n)
	}
	arrays := columns.InArrays()
	if len(r.PerResidue) != len(arrays) {
		return fmt.Errorf("values of %d arrays, want %d", len(r.PerResidue), len(arrays))
	}
	for i, c := range arrays {
		if n := r.Residues * int64(c.Width); int64(len(r.PerResidue[i])) != n {
			return fmt.Errorf("%d values of %s, want %d", len(r.PerResidue[i]), c.Name, n)
		}
	}
	return nil
}

// Finite returns an error that names the first value that t does not hold as a finite number.
func (r *Row) Finite(columns Columns, t DType) error {
	for c, values := range columns.InRows().Split(r.Values) {
		t := c.Element(t)
		for i, v := range values {
			if !t.Holds(v) {
				return fmt.Errorf("%s has %v at dimension %d, which %s does not hold as a finite number", c.Name, v, i, t)
			}
		}
	}
	for i, c := range columns.InArrays() {
		for j, v := range r.PerResidue[i] {
			if !t.Holds(v) {
				return fmt.Errorf("%s has %v at residue %d, dimension %d, which %s does not hold as a finite number",
					c.Name, v, j/c.Width+1, j%c.Width, t)
			}
		}
	}
	return nil
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
