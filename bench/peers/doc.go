// Package peers compares this program with those that people use instead.
//
// A Peer is a program that does one of these jobs; how it is asked for its version, called, and understood is all that
// the interface holds. A Duel is a workload of the benchmark harness: it runs longfirst and a peer in turn, the order
// changing from one sample to the next, on the same sequences, threads and cores, and gives the ratio of their times pair
// by pair. Both results are checked: the records and residues that were indexed, the residues that were read, the rows
// that were embedded.
//
//	job    what is timed
//	index  a FASTA file that has no index gets one
//	reuse  an index that is there is opened
//	read   every sequence is read, longest first, and its residues summed up; or written to a file, from no index on
//	get    records are written to a file by their ids, from an index that is there
//	embed  mean embeddings of every record with the same weights
//
// On this side a job is done by the hidden command `longfirst bench own` (see Do), getting records by `longfirst index get`.
//
// Programs written in Python, and longfirst beside them, time themselves: starting an interpreter, importing, and loading
// a model do not count. Programs that don't are timed from outside, as whole processes, and longfirst beside them as well.
//
// install.sh installs the peers. One that is not there is named as absent, with the reason.
package peers
