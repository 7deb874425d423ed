package index

import (
	"context"
	"encoding/binary"
)

// Class is a kind of residue that is counted for itself, since a protein model knows it less well or not at all, or of
// record. Letters count in both cases.
type Class uint8

const (
	ClassLower      Class = iota // lower-case letters, whichever they are
	ClassU                       // selenocysteine
	ClassO                       // pyrrolysine
	ClassB                       // D or N
	ClassZ                       // E or Q
	ClassX                       // any
	ClassJ                       // I or L
	ClassStop                    // *
	ClassGap                     // - and .
	ClassOther                   // bytes that are neither letters nor any of these
	ClassNucleotide              // of a record 1 where it looks like nucleotides, see looksNucleotide
	ClassCount
)

// Name is how a class is called in files.
func (c Class) Name() string {
	return [...]string{"lower", "U", "O", "B", "Z", "X", "J", "stop", "gap", "other", "nucleotide"}[c]
}

// Classes are the residues of each class in a record, or in many.
type Classes [ClassCount]int64

// ClassTotals are the classes of all records of an index.
type ClassTotals struct {
	Residues Classes // of ClassNucleotide the records
	Records  Classes // that have any

	Nucleotides []string // ids of the first records that look like nucleotides, in file order
}

// exampleIDs is how many ids are kept as examples, exampleBytes how much of each.
const (
	exampleIDs   = 3
	exampleBytes = 100
)

func (x *Index) classesExtension() *extension {
	return &extension{
		bucket: []byte("classes"), version: 1, what: "class counts",
		size: func(x *Index) int64 { return 1<<20 + 4*x.Len() },
		fill: fillClasses,
	}
}

// CountClasses returns the classes of all records, and an index that has them from then on in the bucket classes: the
// first call reads all FASTA files, once. It takes over x. Of the options it uses Threads, Log and Progress. Where the
// index can't be written the log says so and the next call counts again.
//
// Errors, which leave no index open: ErrMismatch for a FASTA file that changed, ErrCorrupt, those of mmapfasta.Scan, ctx's
// cause.
func CountClasses(ctx context.Context, x *Index, opt Options) (*Index, ClassTotals, error) {
	x, err := extend(ctx, x, opt, x.classesExtension())
	if err != nil {
		return nil, ClassTotals{}, err
	}
	totals, known, err := x.ClassTotals()
	if err == nil && !known {
		var own []byte
		own, err = fillClasses(ctx, x, opt.resourcesBeside(x.path), func(key, value []byte) error { return nil })
		totals.decode(own)
	}
	if err != nil {
		x.Close()
		return nil, ClassTotals{}, err
	}
	return x, totals, nil
}

// ClassTotals returns the classes of all records where they have been counted.
func (x *Index) ClassTotals() (totals ClassTotals, known bool, err error) {
	e := x.classesExtension()
	head, err := x.extended(e)
	if head == nil || err != nil {
		return totals, false, err
	}
	if !totals.decode(head.own) {
		return totals, false, x.extensionCorrupt(e, errExtensionHead)
	}
	return totals, true, nil
}

func (t *ClassTotals) add(c *Classes, id []byte) {
	for class, n := range c {
		if n > 0 {
			t.Residues[class] += n
			t.Records[class]++
		}
	}
	if c[ClassNucleotide] > 0 && len(t.Nucleotides) < exampleIDs {
		t.Nucleotides = append(t.Nucleotides, string(id[:min(len(id), exampleBytes)]))
	}
}

// encode writes, as the head's own part, residues and records per class, uint64, then each example behind its length,
// uint8.
func (t *ClassTotals) encode() (text []byte) {
	for class := range ClassCount {
		text = binary.LittleEndian.AppendUint64(text, uint64(t.Residues[class]))
		text = binary.LittleEndian.AppendUint64(text, uint64(t.Records[class]))
	}
	for _, id := range t.Nucleotides {
		text = append(append(text, byte(len(id))), id...)
	}
	return text
}

func (t *ClassTotals) decode(text []byte) bool {
	if len(text) < 16*int(ClassCount) {
		return false
	}
	for class := range ClassCount {
		t.Residues[class] = int64(binary.LittleEndian.Uint64(text))
		t.Records[class] = int64(binary.LittleEndian.Uint64(text[8:]))
		text = text[16:]
	}
	for len(text) > 0 {
		size := 1 + int(text[0])
		if size > len(text) {
			return false
		}
		t.Nucleotides = append(t.Nucleotides, string(text[1:size]))
		text = text[size:]
	}
	return true
}
