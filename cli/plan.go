package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"

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
		Usage: "print shares, balance, batches, disk need and time of a run, and run nothing",
		Description: example("longfirst plan --model models/esm2_t33_650M_UR50D --world-size 4 proteins.fa") +
			"\n\nThe time is measured: the worker processes that infer would start compute some of the records, for two seconds at\n" +
			"most or a record each. The residues that the model does not know are counted once per FASTA file and kept in the index.",
		Action: planAction,
	}, append(append(flags, indexFlag, rehashFlag, &cli.BoolFlag{Name: "json", Usage: "print the plan as one JSON object"},
		&cli.BoolFlag{Name: "no-calibration", Usage: "do not start the worker processes for a second or two to measure how fast they are on these records"}), inputFlags()...)...)
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
	x, classes, err := countClasses(c, log, x)
	if err != nil {
		return err
	}
	defer x.Close()
	warnOfNucleotides(c.Context, log, x)
	s.Index = x
	p, err := planRun(c, log, config, s)
	if err != nil {
		return err
	}
	vocabulary, err := esm2.ReadVocabulary(s.Model)
	if err != nil {
		return err
	}
	p.Residue = classify(&classes, vocabulary)
	if c.Bool("json") {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(p)
	}
	return p.write(os.Stdout, chosen)
}

// plannedRun is what infer would do. Its JSON form is the output of plan --json.
type plannedRun struct {
	Records    int64 `json:"records"`
	Residues   int64 `json:"residues"`
	Longest    int64 `json:"longest"`           // residues
	Empty      int64 `json:"empty_records"`     // get no row
	Truncated  int64 `json:"truncated_records"` // longer than --max-length
	Cut        int64 `json:"cut_residues"`
	Duplicates int64 `json:"duplicate_ids"`

	Residue residuesOfPlan `json:"residue_kinds"`

	Model struct {
		Path       string `json:"path"`
		Layers     int    `json:"layers"`
		HiddenSize int    `json:"hidden_size"`
		Parameters int64  `json:"parameters"`
	} `json:"model"`
	Device  string `json:"device"`
	Workers int    `json:"workers"`
	Threads int    `json:"threads_per_worker"`

	World  int           `json:"world_size"`
	Ranks  []int         `json:"ranks,omitempty"` // of this process; none: all
	Shares []shareOfPlan `json:"shares"`

	FLOPs         float64 `json:"flops"`
	Batches       int64   `json:"batches"`
	Fill          float64 `json:"batch_fill"` // tokens in batches over what they may hold
	FLOPSPerSec   float64 `json:"expected_flops_per_second"`
	Seconds       float64 `json:"expected_seconds"`                // of this process's ranks
	SecondsLow    float64 `json:"expected_seconds_low,omitempty"`  // as fast as the fastest probe
	SecondsHigh   float64 `json:"expected_seconds_high,omitempty"` // as slow as the slowest
	DiskNeeded    int64   `json:"disk_needed_bytes"`
	DiskFree      int64   `json:"disk_free_bytes"`
	EmbeddingsDir string  `json:"embeddings"`

	Memory      *memoryOfPlan      `json:"memory,omitempty"`      // of the CPU, where it computes
	Calibration *calibrationOfPlan `json:"calibration,omitempty"` // where it was done
}

// shareOfPlan is the work of a rank.
type shareOfPlan struct {
	Rank      int     `json:"rank"`
	Sequences int64   `json:"sequences"`
	Tokens    int64   `json:"tokens"`
	OfMean    float64 `json:"of_mean"` // tokens over the mean of all shares
	Blocks    int     `json:"blocks"`
	Batches   int64   `json:"batches"`
}

func planRun(c *cli.Context, log *slog.Logger, config esm2.Config, s worker.Settings) (*plannedRun, error) {
	x := s.Index
	p := &plannedRun{
		Records: x.Len(), Residues: x.Tokens(), Longest: x.Longest(), Duplicates: x.Duplicates(),
		Device: s.Device, Workers: len(s.Devices), Threads: s.Threads, World: s.World, Ranks: s.Ranks,
		FLOPSPerSec: s.FLOPS * float64(len(s.Devices)), EmbeddingsDir: output.Dir(s.Out).Embeddings(),
	}
	p.Model.Path, p.Model.Layers, p.Model.HiddenSize, p.Model.Parameters = s.Model, config.Layers, config.HiddenSize, config.Parameters()
	if p.World == 0 {
		p.World = len(s.Devices)
	}
	if err := p.countCut(x, s.Options.MaxLength); err != nil {
		return nil, err
	}
	cost := infer.CostOf(config, s.Options.MaxLength)
	var err error
	if p.FLOPs, err = cost.Total(x.Lengths(index.Share(x.Len(), 0, 1))); err != nil {
		return nil, err
	}
	p.Seconds = p.FLOPs / p.FLOPSPerSec * p.part()
	plan := &infer.Plan{Index: x, World: p.World, Rule: infer.NewBlockRule(cost, p.FLOPs, p.World, s.FLOPS)}
	blocks, mostRows, err := p.addShares(plan, s)
	if err != nil {
		return nil, err
	}
	if p.DiskNeeded, p.DiskFree, err = worker.DiskNeed(s.Out, x, s.Options, blocks); err != nil {
		return nil, err
	}
	if err := p.planMemory(s, config, mostRows); err != nil {
		return nil, err
	}
	return p, p.calibrate(c, log, s, plan)
}

// countCut counts what a limit on the length takes away.
func (p *plannedRun) countCut(x *index.Index, maxLength int64) error {
	for length, err := range x.Lengths(index.Share(x.Len(), 0, 1)) {
		if err != nil {
			return err
		}
		if length == 0 {
			p.Empty++
		}
		if maxLength > 0 && length > maxLength {
			p.Truncated++
			p.Cut += length - maxLength
		}
	}
	return nil
}

// addShares adds the shares of a plan and returns the number of their blocks, and the most records that one has.
func (p *plannedRun) addShares(plan *infer.Plan, s worker.Settings) (blocks, mostRows int64, err error) {
	x := plan.Index
	shares, err := index.Distribution(x, p.World)
	if err != nil {
		return 0, 0, err
	}
	budget := infer.CPUBatch(s.Threads)
	var tokens int64
	for _, share := range shares {
		cuts, err := plan.Cuts(share.Rank)
		if err != nil {
			return 0, 0, err
		}
		planned := shareOfPlan{Rank: share.Rank, Sequences: share.Records, Tokens: share.Tokens, Blocks: cuts.Blocks()}
		planned.OfMean = float64(share.Tokens) * float64(p.World) / float64(max(1, x.Tokens()))
		for b := range cuts.Blocks() {
			start, stop := cuts.Block(b)
			mostRows = max(mostRows, stop-start)
			packing, err := infer.PlanPacking(x.Lengths(plan.Share(share.Rank).Sub(start, stop)), s.Options.MaxLength, budget, infer.MaxSequences)
			if err != nil {
				return 0, 0, err
			}
			planned.Batches += packing.Batches
			tokens += packing.Tokens
		}
		blocks += int64(planned.Blocks)
		p.Batches += planned.Batches
		p.Shares = append(p.Shares, planned)
	}
	if p.Batches > 0 {
		p.Fill = float64(tokens) / (float64(p.Batches) * float64(budget))
	}
	return blocks, mostRows, nil
}

// write prints the plan for people.
func (p *plannedRun) write(to io.Writer, chosen shares) error {
	w := bufio.NewWriter(to)
	fmt.Fprintf(w, "records      %s, %s residues, longest %s\n", thousands(p.Records), thousands(p.Residues), thousands(p.Longest))
	if p.Truncated+p.Empty+p.Duplicates > 0 {
		fmt.Fprintf(w, "             %s cut by %s residues, %s empty, %s with the id of an earlier one\n",
			thousands(p.Truncated), thousands(p.Cut), thousands(p.Empty), thousands(p.Duplicates))
	}
	if kinds := p.Residue.String(); kinds != "" {
		fmt.Fprintf(w, "residues     %s\n", kinds)
	}
	fmt.Fprintf(w, "model        %d layers of %d, %s parameters\n", p.Model.Layers, p.Model.HiddenSize, thousands(p.Model.Parameters))
	fmt.Fprintf(w, "device       %s, %d worker processes of %d threads\n", p.Device, p.Workers, p.Threads)
	fmt.Fprintf(w, "computes     %s\n", chosen.text(p.World))
	if chosen.note != "" {
		fmt.Fprintf(w, "             %s\n", chosen.note)
	}
	fmt.Fprintln(w)
	fmt.Fprintf(w, "%8s %12s %16s %9s %9s %10s\n", "share", "sequences", "tokens", "of mean", "blocks", "batches")
	for _, s := range p.Shares {
		fmt.Fprintf(w, "%4d/%-3d %12s %16s %8.1f%% %9d %10s\n", s.Rank, p.World, thousands(s.Sequences), thousands(s.Tokens),
			100*s.OfMean, s.Blocks, thousands(s.Batches))
	}
	fmt.Fprintf(w, "\ncompute      %.3g FLOPs in %s batches, %.0f %% full\n", p.FLOPs, thousands(p.Batches), 100*p.Fill)
	fmt.Fprintf(w, "time         %s\n", p.timeText())
	fmt.Fprintf(w, "disk         %s needed, %s free in %s\n", bytesText(p.DiskNeeded), bytesText(p.DiskFree), p.EmbeddingsDir)
	if p.Memory != nil {
		fmt.Fprintf(w, "memory       %s\n", p.Memory)
	}
	return w.Flush()
}
