package gen

import (
	"fmt"
	"math/rand/v2"
)

// headerRoom bounds a header line; the longest species and protein names leave it half empty.
const headerRoom = 1024

var species = []struct {
	mnemonic, name string
	taxon          int
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
	database := "tr"
	if draw.IntN(8) == 0 {
		database = "sp"
	}
	organism := species[draw.IntN(len(species))]
	return fmt.Appendf(dst, ">%s|A0A%07X|A0A%07X_%s %s %d OS=%s OX=%d GN=g%d PE=%d SV=1\n", database, ordinal, ordinal, organism.mnemonic,
		proteinNames[draw.IntN(len(proteinNames))], draw.IntN(999), organism.name, organism.taxon, ordinal, 1+draw.IntN(4))
}

// contigHeader writes a header line as GenBank's genome assemblies have them.
func contigHeader(dst []byte, _ *rand.Rand, ordinal int64) []byte {
	return fmt.Appendf(dst, ">NZ_CP%08d.1 Synthetic organism contig %d, whole genome shotgun sequence\n", ordinal, ordinal)
}
