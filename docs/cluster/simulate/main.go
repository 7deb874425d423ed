// Command simulate deals UniRef50-like lengths to 1, 2, 4 … 1024 ranks with the program's own block rule, and prints what
// each number of ranks means for balance, time and the shared file system:
//
//	go run ./docs/cluster/simulate
//	go run ./docs/cluster/simulate -model esm2_t36_3B -rate 2e14
//
// Nothing is computed: the time of a share is its FLOPs over the rate that was measured of one rank.
package main

import (
	"flag"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"text/tabwriter"
	"time"

	"longfirst/infer"
	"longfirst/infer/esm2"
)

// What a run does to the file system, counted with strace.
const (
	operationsPerPart = 9 // create, sync, look for the target, rename, open and sync the folder, close; stat of the FASTA file twice
	proofPerPart      = 6 // open, stat, four reads: once by whoever is last, once by verify
)

// slower is how much slower than the others the slowest rank of a cluster may well be.
const slower = 0.1

func main() {
	records := flag.Int64("records", 65_000_000, "records")
	name := flag.String("model", "esm2_t33_650M", "`NAME` of a published size")
	rate := flag.Float64("rate", 8e11, "FLOP/s that one rank reaches: eight cores with AVX-512 as measured, or a GPU")
	maxLength := flag.Int64("max-length", 1024, "residues that a record is cut to")
	flag.Parse()
	config, ok := esm2.Named(*name)
	if !ok {
		fmt.Fprintf(os.Stderr, "simulate: there is no model %q\n", *name)
		os.Exit(2)
	}
	cost := infer.CostOf(config, *maxLength)
	if err := report(os.Stdout, uniRef50Like(*records), cost, *rate); err != nil {
		fmt.Fprintln(os.Stderr, "simulate:", err)
		os.Exit(1)
	}
}

// report prints the table.
func report(w io.Writer, l lengths, cost infer.Cost, rate float64) error {
	fmt.Fprintf(w, "%d records, %d residues, longest %d; %.3g FLOP/s a rank\n\n", l.records(), l.residues(), l[0].length, rate)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "ranks\trecords/share\tlargest/mean\tblocks/share\tparts\ttime\ttail\tone slower\tfile ops/s\trecord reads/s\t")
	for ranks := 1; ranks <= 1024; ranks *= 2 {
		o, err := deal(l, cost, rate, ranks)
		if err != nil {
			return err
		}
		seconds := o.mean / rate
		fmt.Fprintf(t, "%d\t%d\t%.6f\t%d\t%d\t%s\t%s\t%s\t%.1f\t%.0f\t\n", ranks, l.records()/int64(ranks), o.largest/o.mean, o.parts/ranks, o.parts,
			clock(seconds), clock((o.largest-o.smallest)/rate), clock(seconds*slower/(1-slower)),
			float64(o.parts*operationsPerPart)/seconds, float64(l.records())/seconds)
	}
	return t.Flush()
}

func clock(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d >= time.Hour:
		return d.Round(time.Minute).String()
	case d >= time.Minute:
		return d.Round(time.Second).String()
	}
	return d.Round(time.Millisecond).String()
}

// outcome is what dealing gives.
type outcome struct {
	mean, largest, smallest float64 // FLOPs of a share
	parts                   int
}

// deal cuts every share as a run would.
func deal(l lengths, cost infer.Cost, rate float64, ranks int) (outcome, error) {
	total, err := cost.Total(l.share(0, 1))
	if err != nil {
		return outcome{}, err
	}
	o := outcome{mean: total / float64(ranks), smallest: math.Inf(1)}
	rule := infer.NewBlockRule(cost, total, ranks, rate)
	for rank := range ranks {
		cuts, err := rule.Cut(l.share(rank, ranks))
		if err != nil {
			return o, err
		}
		o.parts += cuts.Blocks()
		flops, err := cost.Total(l.share(rank, ranks))
		if err != nil {
			return o, err
		}
		o.largest, o.smallest = max(o.largest, flops), min(o.smallest, flops)
	}
	return o, nil
}

// lengths are the lengths of records in index order, longest first, equal ones counted.
type lengths []struct {
	length, count int64
}

func (l lengths) records() (n int64) {
	for _, run := range l {
		n += run.count
	}
	return n
}

func (l lengths) residues() (n int64) {
	for _, run := range l {
		n += run.count * run.length
	}
	return n
}

// share yields the lengths of a rank's records: positions rank, rank+world, rank+2·world …
func (l lengths) share(rank, world int) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		position, end := int64(rank), int64(0)
		for _, run := range l {
			for end += run.count; position < end; position += int64(world) {
				if !yield(run.length, nil) {
					return
				}
			}
		}
	}
}

// uniRef50Like returns lengths whose logarithms are normally distributed, with a mean of about 280 residues as UniRef50
// has, and a tail up to titin.
func uniRef50Like(records int64) (l lengths) {
	const mean, deviation, shortest, longest = 5.35, 0.75, 11, 35_000
	upTo := func(length float64) float64 { return math.Erfc(-(math.Log(length)-mean)/deviation/math.Sqrt2) / 2 }
	above := 0.0 // the records longer than this, before rounding
	counted := int64(0)
	for length := int64(longest); length >= shortest; length-- {
		above = float64(records) * (1 - upTo(float64(length)))
		if length == shortest {
			above = float64(records)
		}
		if n := int64(math.Round(above)) - counted; n > 0 || length == longest {
			n = max(n, 1)
			l = append(l, struct{ length, count int64 }{length, n})
			counted += n
		}
	}
	return l
}
