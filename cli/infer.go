package main

import (
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/urfave/cli/v2"

	"longfirst/infer"
	"longfirst/infer/output"
	"longfirst/infer/worker"
)

const (
	defaultMaxLength = 1024 // residues
	defaultGaps      = "drop"
)

// contentFlags change what an embedding is.
func contentFlags() []cli.Flag {
	return append(columnFlags(),
		&cli.StringFlag{Name: "model", Aliases: []string{"m"}, Usage: "model folder `DIR` (config.json, vocab.txt, model.safetensors), or OWNER/NAME[@REVISION] of the Hugging Face hub"},
		&cli.StringFlag{Name: "max-length", Value: strconv.Itoa(defaultMaxLength), Usage: "keep the first `N` residues of a record, or none to keep all; fair-esm keeps 1022"},
		&cli.StringFlag{Name: "gaps", Value: defaultGaps, Usage: "drop gap characters, or keep them as the tokens they are"},
		&cli.StringFlag{Name: "dtype", Value: "float32", Usage: "element `TYPE` the embeddings are stored in: float32 or float16"},
		&cli.IntFlag{Name: "world-size", Usage: "deal the records into `N` shares; default: what the data set has, or the number of workers"})
}

// deviceFlags say what to compute on.
func deviceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "device", Value: "auto", Usage: "auto, cpu or cuda"},
		&cli.StringFlag{Name: "gpus", Usage: "`LIST` of GPUs such as 0,2, as they count among the visible ones; default: all"},
		&cli.StringFlag{Name: "compute", Value: "auto", Usage: "`TYPE` of numbers: on a GPU bf16, fp16 or fp32; on the CPU fp32, or int8 in linear layers, which is faster and less exact; auto is bf16 on a GPU, else fp32"},
		&cli.IntFlag{Name: "workers", Usage: "`N` worker processes; default: one for each GPU, or one on the CPU"},
		&cli.IntFlag{Name: "threads", Aliases: []string{"t"}, Usage: "`N` threads in all; default: what this process may use"},
	}
}

func inferCommand() *cli.Command {
	flags := append(append(contentFlags(), deviceFlags()...), shareFlags()...)
	flags = append(flags,
		&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "data set folder `DIR`"},
		&cli.BoolFlag{Name: "overwrite", Usage: "remove an existing data set first"},
		&cli.BoolFlag{Name: "retry-failed", Usage: "compute blocks with failed records again"},
		&cli.BoolFlag{Name: "mixed-numerics", Usage: "continue a data set begun on another kind of device: its rows then differ in their last bits"},
		&cli.StringFlag{Name: "canary", Value: "auto", Usage: "auto compares eight records with fp32 on the CPU before a data set of int8 or on a GPU begins, off does not"},
		&cli.BoolFlag{Name: "dry-run", Usage: "print the plan and stop, as longfirst plan does"},
		indexFlag, rehashFlag)
	flags = append(flags, inputFlags()...)
	return command(&cli.Command{
		Name: "infer", Aliases: []string{"embed"}, Category: categoryRun, ArgsUsage: "FASTA...",
		Usage: "embed every record; the same command again goes on where it stopped",
		Description: example("longfirst infer --model models/esm2_t33_650M_UR50D --out embeddings proteins.fa",
			"longfirst infer --model models/esm2_t33_650M_UR50D --out layers --pool mean,cls --layers 20,-1 proteins.fa") +
			"\n\nExit codes: 0 all done; 1 failed; 2 usage; 3 done but for some records, each named; 129, 130 or 143 stopped by a signal.",
		Action: inferAction,
	}, flags...)
}

func inferAction(c *cli.Context) error {
	log, err := logOf(c)
	if err != nil {
		return err
	}
	if c.Bool("dry-run") {
		return planAction(c)
	}
	if err := required(c, "out"); err != nil {
		return err
	}
	outliveReaders()
	settings, shares, err := runSettings(c)
	if err != nil {
		return err
	}
	x, err := ensureIndex(c, log)
	if err != nil {
		return err
	}
	defer x.Close()
	warnOfNucleotides(c.Context, log, x)
	settings.Index, settings.Log = x, log
	settings.Begun = func(world int, ranks []int) error {
		shares.logRanks(log, world)
		return logShares(log, x, world, ranks)
	}
	watch := newWatch(log, c.Bool("quiet") || c.String("log-format") == "json")
	settings.Report = watch.report
	result, err := worker.Run(c.Context, settings)
	watch.end()
	if result.Blocks > 0 {
		drawReport(log, settings.Out)
	}
	if err != nil {
		return err
	}
	return summarizeRun(log, settings.Out, result)
}

// runSettings reads the command line, what started this process, and the world size of a data set that exists.
func runSettings(c *cli.Context) (s worker.Settings, chosen shares, err error) {
	if err := required(c, "model"); err != nil {
		return s, chosen, err
	}
	if s.Options, err = contentOptions(c); err != nil {
		return s, chosen, err
	}
	if s.Model, err = modelFolder(c, c.String("model")); err != nil {
		return s, chosen, err
	}
	if err := chooseColumns(c, s.Model, &s.Options); err != nil {
		return s, chosen, err // before hours go into an index
	}
	if s.Out, err = filepath.Abs(c.String("out")); err != nil {
		return s, chosen, err
	}
	if chosen, err = chooseShares(c, c.String("out")); err != nil {
		return s, chosen, err
	}
	s.World, s.Ranks = chosen.world, chosen.ranks
	s.Overwrite, s.RetryFailed, s.MixedNumerics = c.Bool("overwrite"), c.Bool("retry-failed"), c.Bool("mixed-numerics")
	s.Rehash = c.Bool("rehash")
	s.Program, s.Silence, s.NewBackend = programName(), silence, newBackend
	switch c.String("canary") {
	case "off":
		s.NoCanary = true
	case "auto", "": // plan has no such flag
	default:
		return s, chosen, usagef("--canary %q: it is auto or off", c.String("canary"))
	}
	if err := chooseDevices(c, &s); err != nil {
		return s, chosen, err
	}
	s.Command, err = childCommand(c.String("log-format"))
	s.Heading = logHeading(c.String("log-format"))
	return s, chosen, err
}

func contentOptions(c *cli.Context) (o output.ContentOptions, err error) {
	if o.MaxLength, err = parseMaxLength(c.String("max-length")); err != nil {
		return o, err
	}
	if _, err := infer.ParseGaps(c.String("gaps")); err != nil {
		return o, usageError{fmt.Errorf("--gaps: %w", err)}
	}
	o.Gaps = c.String("gaps")
	o.DType = output.DType(c.String("dtype"))
	if !o.DType.Valid() {
		return o, usagef("--dtype %q: it is float32 or float16", c.String("dtype"))
	}
	return o, nil
}

func parseMaxLength(s string) (int64, error) {
	if s == "none" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 || n > math.MaxInt32 {
		return 0, usagef("--max-length %q: it is a number of residues, or none", s)
	}
	return n, nil
}

// usableThreads is what the scheduler allows this process: affinity and cgroup, which the Go runtime honours, and the
// cores of a Slurm task.
func usableThreads() int {
	n := runtime.GOMAXPROCS(0)
	if slurm, err := strconv.Atoi(os.Getenv("SLURM_CPUS_PER_TASK")); err == nil && slurm > 0 {
		n = min(n, slurm)
	}
	return n
}

// childCommand returns how a worker process is started: this executable again.
func childCommand(logFormat string) (func() *exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return func() *exec.Cmd { return exec.Command(self, "worker", "--log-format", logFormat) }, nil
}

// summarizeRun prints what a run did and what the data set holds.
func summarizeRun(log *slog.Logger, out string, r worker.Result) error {
	if r.Blocks == 0 {
		log.Info("nothing left to compute", "blocks", r.BlocksBefore)
	} else {
		log.Info(fmt.Sprintf("embedded %s records, %s residues in %.1f s: %.0f residues/s", thousands(r.Counts.Records), thousands(r.Counts.Residues),
			r.Elapsed.Seconds(), float64(r.Counts.Residues)/r.Elapsed.Seconds()), "blocks", r.BlocksDone, "blocks_before", r.BlocksBefore)
		log.Info("of these", "truncated_records", r.Counts.Truncated, "cut_residues", r.Counts.Cut, "unknown_residues", r.Counts.Unknown,
			"removed_gaps_and_stops", r.Counts.Removed, "empty_records", r.Counts.Empty, "failed_records", r.Counts.Failed)
	}
	if p := r.Proof; len(p.Problems) == 0 && len(p.Missing) > 0 {
		log.Info("this run's shares are done; others are missing", "blocks_missing", len(p.Missing), "first", p.Missing[0])
	}
	return summarizeProof(log, out, r.Proof)
}

// summarizeProof prints what a data set holds. Blocks that are missing are the caller's to judge.
func summarizeProof(log *slog.Logger, out string, p output.Proof) error {
	for _, problem := range p.Problems {
		log.Error("part at fault", "file", problem.Path, "error", problem.Err)
	}
	if len(p.Problems) > 0 {
		return p.Err()
	}
	for _, skip := range p.Skips {
		if skip.Reason == output.SkipFailed {
			log.Error("record without embedding", "id", skip.ID, "file", skip.File, "byte_offset", skip.ByteOffset, "why", skip.Detail)
		}
	}
	if p.Failed > 0 {
		where := "listed in " + output.Dir(out).Skipped()
		if len(p.Missing) > 0 { // of other processes, which have failed records of their own
			where = "which longfirst verify lists in skipped.tsv"
		}
		return fmt.Errorf("%w: %d of %d, %s; --retry-failed tries them again", errRecordsFailed, p.Failed, p.Records, where)
	}
	if p.Complete() {
		log.Info(fmt.Sprintf("complete: %s records embedded, %s empty", thousands(p.Embedded), thousands(p.Empty)), "embeddings", output.Dir(out).Embeddings())
	}
	return nil
}
