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
// A calibration sees nothing of what comes and goes inside a long sample. So what the cores did while it ran is counted as
// well (/proc/stat on Linux, nothing elsewhere): the time that the host of a virtual machine took, and that of other
// processes, as far as they had no idle core; what a workload's own child processes use is its own. A slower clock of the
// cores within a sample is seen by neither.
//
// A sample is marked when a calibration beside it is below the best one of this run by more than Margin, BandwidthMargin
// for memory and files, or when it lost more than Margin of its cores: then the machine was doing something else. Marked
// samples are repeated, up to three times as many as were asked for and within a budget of time. A sample off by more than
// StarvedMargin is starved, and never counts.
//
// What counts in the end are the unmarked samples; where they are fewer than MinSamples all that were not starved count, and
// the result is called unsteady. Where these are too few as well there is no result: "not measured: machine busy". Marks
// are judged once more when the run is over, as a later calibration may be the best.
//
// A result is the median over the samples that count, and the spread: largest minus smallest, as a share of the median.
//
// Every sample is checked: a workload that gives a fast wrong answer has no result, and the run fails with ErrWrong.
//
// A run that is interrupted tells what it has, marked as partial; what is kept on disk is kept after each workload.
//
// # Output
//
// The Go benchmark format, which benchstat reads, one line a sample that counts, with a plain sentence a workload and the
// report in three lines at the end; the same with every sample and calibration as JSON; and a page.
package bench
