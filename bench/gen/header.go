package gen

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strconv"
)

var species = []struct {
	mnemonic, name string
	taxon          int64
}{
	{"HUMAN", "Homo sapiens", 9606},
	{"MOUSE", "Mus musculus", 10090},
	{"ECOLI", "Escherichia coli (strain K12)", 83333},
	{"YEAST", "Saccharomyces cerevisiae (strain ATCC 204508 / S288c)", 559292},
	{"ARATH", "Arabidopsis thaliana", 3702},
	{"BACSU", "Bacillus subtilis (strain 168)", 224308},
	{"DROME", "Drosophila melanogaster", 7227},
	{"CAEEL", "Caenorhabditis elegans", 6239},
	{"DANRE", "Danio rerio", 7955},
	{"SCHPO", "Schizosaccharomyces pombe (strain 972 / ATCC 24843)", 284812},
}

var proteinNames = []string{
	"Uncharacterized protein", "Putative ATP-dependent RNA helicase", "DNA-directed RNA polymerase subunit beta",
	"Cytochrome c oxidase subunit 1", "Ribosomal protein L2", "Zinc finger protein", "Serine/threonine-protein kinase",
	"Probable GTP-binding protein", "Photosystem II reaction center", "Transcription factor",
}

// proteinHeader writes a header line as UniProt does; one record in eight is a reviewed one. Ids are unique.
func proteinHeader(dst []byte, draw *rand.Rand, ordinal int64) []byte {
	reviewed := draw.IntN(8) == 0
	organism := &species[draw.IntN(len(species))]
	// Appended piece by piece: formatted printing took longer than the residues.
	if reviewed {
		dst = append(dst, ">sp|"...)
	} else {
		dst = append(dst, ">tr|"...)
	}
	begin := len(dst)
	dst = append(dst, "A0A"...)
	dst = appendHex(dst, ordinal)
	accession := dst[begin:]
	dst = append(dst, '|')
	dst = append(dst, accession...)
	dst = append(dst, '_')
	dst = append(dst, organism.mnemonic...)
	dst = append(dst, ' ')
	dst = append(dst, proteinNames[draw.IntN(len(proteinNames))]...)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, draw.Int64N(999), 10)
	dst = append(dst, " OS="...)
	dst = append(dst, organism.name...)
	dst = append(dst, " OX="...)
	dst = strconv.AppendInt(dst, organism.taxon, 10)
	dst = append(dst, " GN=g"...)
	dst = strconv.AppendInt(dst, ordinal, 10)
	dst = append(dst, " PE="...)
	dst = strconv.AppendInt(dst, 1+draw.Int64N(4), 10)
	return append(dst, " SV=1\n"...)
}

// appendHex appends n in upper-case hexadecimal, at least seven digits.
func appendHex(dst []byte, n int64) []byte {
	const digits = "0123456789ABCDEF"
	width := max(7, (bits.Len64(uint64(n))+3)/4)
	for i := width - 1; i >= 0; i-- {
		dst = append(dst, digits[n>>(4*i)&15])
	}
	return dst
}

// contigHeader writes a header line as GenBank's genome assemblies have them.
func contigHeader(dst []byte, _ *rand.Rand, ordinal int64) []byte {
	return fmt.Appendf(dst, ">NZ_CP%08d.1 Synthetic organism contig %d, whole genome shotgun sequence\n", ordinal, ordinal)
}

// readHeader writes a header line as translating a sequencer's reads in six frames gives it.
func readHeader(dst []byte, draw *rand.Rand, ordinal int64) []byte {
	dst = append(dst, ">SRR0000001."...)
	dst = strconv.AppendInt(dst, ordinal, 10)
	dst = append(dst, "/frame="...)
	dst = strconv.AppendInt(dst, 1+draw.Int64N(6), 10)
	return append(dst, '\n')
}

// fragmentHeader writes a header line as Prodigal does for a gene that may lack an end.
func fragmentHeader(dst []byte, draw *rand.Rand, ordinal int64) []byte {
	begin := 1 + draw.Int64N(3)
	dst = append(dst, ">k127_"...)
	dst = strconv.AppendInt(dst, ordinal/2, 10)
	dst = append(dst, '_')
	dst = strconv.AppendInt(dst, 1+ordinal%2, 10)
	dst = append(dst, " # "...)
	dst = strconv.AppendInt(dst, begin, 10)
	dst = append(dst, " # "...)
	dst = strconv.AppendInt(dst, begin+3*(20+draw.Int64N(600))-1, 10)
	dst = append(dst, " # "...)
	dst = strconv.AppendInt(dst, int64(1-2*draw.IntN(2)), 10)
	dst = append(dst, " # ID="...)
	dst = strconv.AppendInt(dst, ordinal/2, 10)
	dst = append(dst, "_1;partial="...)
	partial := draw.IntN(4)
	dst = append(dst, byte('0'+partial>>1), byte('0'+partial&1))
	dst = append(dst, ";start_type=Edge;rbs_motif=None;gc_cont=0."...)
	dst = strconv.AppendInt(dst, int64(300+draw.IntN(400)), 10)
	return append(dst, '\n')
}
