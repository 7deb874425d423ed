package peers

import (
	"fmt"
	"hash/crc32"

	"longfirst/mmapfasta"
)

// Sum sums up sequences. The zero value is ready.
type Sum struct {
	Outcome
	AnyOrder bool // else they must come longest first
	residues []byte
	last     int
}

// Add adds the body of a record.
func (s *Sum) Add(body []byte) error {
	s.residues = mmapfasta.AppendResidues(s.residues[:0], body)
	n := len(s.residues)
	if !s.AnyOrder && s.Records > 0 && n > s.last {
		return fmt.Errorf("%w: a record of %d residues after one of %d", ErrOutput, n, s.last)
	}
	s.last = n
	s.Records++
	s.Residues += int64(n)
	s.Checksum += uint64(crc32.ChecksumIEEE(s.residues))
	return nil
}
