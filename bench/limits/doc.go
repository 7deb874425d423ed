// Package limits measures what a machine can do at best, so that a result can be given as a share of it.
//
//	limit         what is counted                                                        unit
//	FMA           float32 multiply-adds on registers alone, two operations each          GFLOP/s
//	memory read   bytes looked at, of a buffer larger than the caches                     MB/s
//	memory copy   bytes read plus bytes written (McCalpin's STREAM counts so)             MB/s
//	file read     bytes copied by read calls out of a file that the page cache holds      MB/s
//	disk read     the same of a file that it does not hold: with O_DIRECT, or dropped     MB/s
//	              from it (fadvise DONTNEED) before each read; Linux only
//	GPU matrix    multiply-adds of the best product of 16-bit matrices the program has,   TFLOP/s
//	              two operations each
//	GPU copy      bytes copied from pinned memory to the GPU                              MB/s
//
// Each for a number of threads that run at once. MB is 10^6 bytes. A disk read may still be answered by a cache of the
// device, or of the machine that a virtual one runs on.
//
// The FMA loop is Go assembly with the widest vectors the processor has (AVX-512, else AVX2). Elsewhere it is plain Go,
// one number at a time, and then no limit of the vector units: FMALevel names the one used, and a report must too.
package limits
