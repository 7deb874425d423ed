package main

import (
	"bufio"
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"longfirst/index"
	"longfirst/infer"
	"longfirst/infer/esm2"
	"longfirst/infer/output"
	"longfirst/infer/worker"
)

func planCommand() *cli.Command {
	flags := append(append(contentFlags(), deviceFlags()...), shareFlags()...)
	return command(&cli.Command{
		Name: "plan", Category: categoryRun, ArgsUsage: "FASTA...",
		Usage:       "print shares, balance, batches, disk need and time of a run, and run nothing",
		Description: example("longfirst plan --model models/esm2_t33_650M_UR50D --world-size 4 proteins.fa"),
		Action:      planAction,
	}, append(append(flags, indexFlag, rehashFlag), inputFlags()...)...)
}

// planAction prints what infer would do with the same command line.
func planAction(c *cli.Context) error {
	log, err := logOf(c)
	if err != nil {
		return err
	}
	s, chosen, err := runSettings(c)
	if err != nil {
		return err
	}
	config, err := esm2.ReadConfig(s.Model)
	if err != nil {
		return err
	}
	x, err := ensureIndex(c, log)
	if err != nil {
		return err
	}
	defer x.Close()
	warnOfNucleotides(c.Context, log, x)
	world := s.World
	if world == 0 {
		world = len(s.Devices)
	}
	cost := infer.CostOf(config, s.Options.MaxLength)
	flops, err := cost.Total(x.Lengths(index.Share(x.Len(), 0, 1)))
	if err != nil {
		return err
	}
	plan := &infer.Plan{Index: x, World: world, Rule: infer.NewBlockRule(cost, flops, world, s.FLOPS)}
	shares, err := index.Distribution(x, world)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(os.Stdout)
	fmt.Fprintf(w, "records      %s, %s residues, longest %s\n", thousands(x.Len()), thousands(x.Tokens()), thousands(x.Longest()))
	fmt.Fprintf(w, "model        %d layers of %d, %s parameters\n", config.Layers, config.HiddenSize, thousands(config.Parameters()))
	fmt.Fprintf(w, "device       %s, %d worker processes of %d threads\n", s.Device, len(s.Devices), s.Threads)
	fmt.Fprintf(w, "computes     %s\n", chosen.text(world))
	if chosen.note != "" {
		fmt.Fprintf(w, "             %s\n", chosen.note)
	}
	fmt.Fprintln(w)
	fmt.Fprintf(w, "%8s %12s %16s %9s %9s %10s\n", "share", "sequences", "tokens", "of mean", "blocks", "batches")
	var blocks, batches int64
	for _, share := range shares {
		cuts, err := plan.Cuts(share.Rank)
		if err != nil {
			return err
		}
		var n int64
		for b := range cuts.Blocks() {
			packing, err := infer.PlanPacking(x.Lengths(plan.Share(share.Rank).Sub(cuts.Block(b))), s.Options.MaxLength, infer.CPUBatch(s.Threads), infer.MaxSequences)
			if err != nil {
				return err
			}
			n += packing.Batches
		}
		mean := float64(x.Tokens()) / float64(world)
		fmt.Fprintf(w, "%4d/%-3d %12s %16s %8.1f%% %9d %10s\n", share.Rank, world, thousands(share.Records), thousands(share.Tokens),
			100*float64(share.Tokens)/max(1, mean), cuts.Blocks(), thousands(n))
		blocks += int64(cuts.Blocks())
		batches += n
	}
	need, free, err := worker.DiskNeed(s.Out, x, s.Options, config, blocks)
	if err != nil {
		return err
	}
	seconds := flops / (s.FLOPS * float64(len(s.Devices)))
	fmt.Fprintf(w, "\ncompute      %.3g FLOPs in %s batches\n", flops, thousands(batches))
	fmt.Fprintf(w, "time         about %s at the %.1f GFLOP/s this device class was seen to reach\n", time.Duration(seconds*float64(time.Second)).Round(time.Second), s.FLOPS/1e9*float64(len(s.Devices)))
	fmt.Fprintf(w, "disk         %s needed, %s free in %s\n", bytesText(need), bytesText(free), output.Dir(s.Out).Embeddings())
	return w.Flush()
}
