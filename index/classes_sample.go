package index

import (
	"context"

	"longfirst/mmapfasta"
	"longfirst/mmapfasta/mapped"
)

// Nucleotides says how many of the records looked at look like nucleotides.
type Nucleotides struct {
	Records, LookedAt int64
	Examples          []string // ids of some of them
}

const (
	// sampledRecords are looked at where the classes have not been counted, and of each this many bytes at most.
	sampledRecords = 200
	sampledBytes   = 4096
)

// FindNucleotides says which records look like nucleotides: of all of them where they have been counted, else of a sample
// spread over the index, which takes milliseconds.
func (x *Index) FindNucleotides(ctx context.Context) (found Nucleotides, err error) {
	totals, known, err := x.ClassTotals()
	if err != nil {
		return found, err
	}
	if known {
		return Nucleotides{totals.Records[ClassNucleotide], x.Len(), totals.Nucleotides}, nil
	}
	files := make([]*mapped.File, len(x.files))
	defer func() {
		for _, file := range files {
			if file != nil {
				file.Close()
			}
		}
	}()
	step := max(1, (x.Len()+sampledRecords-1)/sampledRecords)
	for e, err := range x.Entries(Range{Start: step / 2, Stop: x.Len(), Step: step}) {
		if err != nil {
			return found, err
		}
		if err := context.Cause(ctx); err != nil {
			return found, err
		}
		if files[e.File] == nil {
			if files[e.File], err = x.OpenText(ctx, e.File); err != nil {
				return found, err
			}
			files[e.File].RandomAccess()
		}
		if err := found.look(files[e.File], e); err != nil {
			return found, err
		}
	}
	return found, nil
}

// look looks at the start of a record's body.
func (n *Nucleotides) look(file *mapped.File, e *Entry) error {
	return mapped.Guard(func() error {
		body, err := file.View(e.BodyOffset, min(e.BodyEnd, e.BodyOffset+sampledBytes), nil)
		if err != nil {
			return err
		}
		n.LookedAt++
		residues := mmapfasta.AppendResidues(nil, body)
		if c := ClassesOf(residues, int64(len(residues))); c[ClassNucleotide] > 0 {
			if n.Records++; len(n.Examples) < exampleIDs {
				n.Examples = append(n.Examples, string(e.ID[:min(len(e.ID), exampleBytes)]))
			}
		}
		return nil
	}, file)
}
