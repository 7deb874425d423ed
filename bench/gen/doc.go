// Package gen writes FASTA files that look like the real ones, of any size, for benchmarks and tests.
//
// A record is a function of the shape, the seed and its ordinal alone: equal options give equal bytes on every machine,
// and the first n records of a longer file are those of a shorter one. So records are made on all cores at once.
//
//	shape        lengths                                  letters                          columns
//	protein      log-normal, median 270, mean 350,        amino acids as often as in       60
//	             12 to 36000, as in UniProt               UniProtKB/Swiss-Prot
//	nucleotide   log-normal, median 0.73 M, mean 2.2 M,   A, C, G, T alike                 80
//	             2000 to 250 M, as contigs of genomes
//	reads        51, translated reads of 153 bases; one   as protein                       60
//	             in five is cut by a stop, 20 to 50
//	fragments    log-normal, median 130, 20 to 2000, as   as protein                       70
//	             genes on contigs of metagenomes
//	ties         350, every record                        as protein                       60
//	giant        the first record 20 M, the others as     as protein                       60
//	             protein
//	duplicates   as protein; four records in a row are    as protein                       60
//	             equal, the id included
//	dirty        as protein, but one in 64 is empty       both cases, gaps, stops, bytes   1 to 120, ragged,
//	                                                      no vocabulary knows              CRLF, blank lines
package gen
