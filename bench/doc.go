// Package bench is the benchmark harness: how fast is the program here, and how close to what this machine can do.
//
//	bench/            the harness: calibrates, samples, judges, reports; knows no workload
//	bench/limits/     what the machine can do at best
//	bench/gen/        FASTA files like real ones, from a seed
//	bench/workloads/  what is measured
//	bench/peers/      the same done by other programs
//	bench/page/       a report as a page with pictures
//	bench/compare/    what became faster or slower; compare.sh measures two revisions in turn
//	bench/readme/     the README's tables
//	bench/results/    reports that were kept, one folder a machine and day
//
// # What a result is
//
// A sample is one run of a workload. Right before and after it the harness calibrates: it measures the limits that the
// workload is compared with, some 40 ms each. A share is a rate divided by the best one that any calibration of the run
// reached, so that a machine which was busy during a calibration never makes a share look larger.
//
// A sample is marked when a calibration beside it is below the best one of this run by more than Margin: then the machine
// was doing something else. Marked samples are repeated, up to as many times as samples were asked for and within a
// budget of time. What counts in the end are the unmarked samples; where there are too few of them all samples count, and
// the result is called unsteady. Marks are judged once more when the run is over, as a later calibration may be the best.
//
// A result is the median over the samples that count, and the spread: largest minus smallest, as a share of the median.
//
// Every sample is checked: a fast wrong answer ends the run with ErrWrong.
//
// # Output
//
// The Go benchmark format, which benchstat reads, one line a sample that counts, with a plain sentence a workload and the
// report in three lines at the end; the same with every sample and calibration as JSON; and a page.
package bench
