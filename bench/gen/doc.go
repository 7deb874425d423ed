// Package gen writes FASTA files that look like the real ones, of any size, for benchmarks and tests.
//
// A record is a function of the shape, the seed and its ordinal alone: equal options give equal bytes on every machine,
// and the first n records of a longer file are those of a shorter one.
//
//	shape        lengths                                  letters                          columns
//	protein      log-normal, median 270, mean 350,        amino acids as often as in       60
//	             12 to 36000, as in UniProt               UniProtKB/Swiss-Prot
//	nucleotide   log-normal, median 0.73 M, mean 2.2 M,   A, C, G, T alike                 80
//	             2000 to 250 M, as contigs of genomes
//	ties         350, every record                        as protein                       60
package gen
