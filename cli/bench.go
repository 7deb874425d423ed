package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"longfirst/bench"
	"longfirst/bench/gen"
	"longfirst/bench/limits"
	"longfirst/bench/peers"
	"longfirst/bench/workloads"
	"longfirst/infer/cuda"
)

func benchCommand() *cli.Command {
	return command(&cli.Command{
		Name: "bench", Category: categoryInspect, Usage: "measure the program on this machine, beside what the machine can do",
		Description: example("longfirst bench --quick", "longfirst bench --run infer --count 10 --out bench/results"),
		Action:      runBench,
		Subcommands: []*cli.Command{
			command(&cli.Command{
				Name: "gen", Usage: "write a FASTA file like real ones; equal seeds give equal bytes",
				Description: example("longfirst bench gen --records 100000 --seed 1 --out proteins.fa"), Action: benchGen,
			},
				&cli.StringFlag{Name: "shape", Value: string(gen.Protein), Usage: "`SHAPE`: " + shapes()},
				&cli.Int64Flag{Name: "records", Aliases: []string{"n"}, Usage: "end after `N` records"},
				&cli.Int64Flag{Name: "bytes", Usage: "end with the record that reaches `N` bytes"},
				&cli.Int64Flag{Name: "length", Usage: "`N` residues in every record; default: as the shape has them"},
				&cli.Uint64Flag{Name: "seed", Value: 1, Usage: "`N`: another seed gives another file"},
				&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Required: true, Usage: "`FILE` to write"}),
			{
				Name: "list", Usage: "list the workloads and what each one shows",
				Description: example("longfirst bench list"), Action: benchList,
			},
			benchCompareCommand(), benchPageCommand(), benchReadmeCommand(), benchOwnCommand(),
		},
	},
		&cli.BoolFlag{Name: "quick", Usage: "what matters most, small inputs, few samples: ends within two minutes"},
		&cli.BoolFlag{Name: "all", Usage: "also what takes long: the larger models"},
		&cli.BoolFlag{Name: "peers", Usage: "also beside the programs that people use instead, as far as they are installed"},
		&cli.StringFlag{Name: "peers-dir", Value: "bin/peers", Usage: "`DIR` that bench/peers/install.sh installed them in"},
		&cli.StringFlag{Name: "run", Usage: "only workloads, of all there are, whose name/case the regular expression `REGEXP` matches"},
		&cli.IntFlag{Name: "threads", Aliases: []string{"t"}, DefaultText: "as many as the process may use", Usage: "`N` threads"},
		&cli.IntFlag{Name: "count", DefaultText: "5, or 3 with --quick", Usage: "`N` samples of each workload"},
		&cli.DurationFlag{Name: "budget", Usage: "`TIME`, such as 25m, for all of it, shared out among the workloads; what gets too little of it is named as not measured"},
		&cli.StringFlag{Name: "json", Usage: "also write every sample and calibration to `FILE`"},
		&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "also keep the results, a page with pictures among them, in a new folder <date>-<machine> below `DIR`; they are there as workloads end"},
		&cli.StringFlag{Name: "tmp", Usage: "`DIR` to make inputs in; default: the system's folder for temporary files"})
}

func shapes() string {
	var names []string
	for _, s := range gen.Shapes() {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// How much measuring a run of the harness does, by default and with --quick. Within the budget the samples of a workload
// are taken, so that a slow or unsteady machine does not make it last for ever.
const (
	benchCount       = 5
	benchBudget      = 2 * time.Minute
	quickBenchCount  = 3
	quickBenchBudget = 20 * time.Second
	quickBenchTotal  = 80 * time.Second // leaves time for preparing and first samples that take longer
)

// benchHighlights are the workloads that a report names in short.
var benchHighlights = []string{"index-build", "infer-cpu"}

func runBench(c *cli.Context) error {
	if c.Args().Present() {
		return usagef("bench takes no %q; see longfirst bench --help", c.Args().First())
	}
	log, err := logOf(c)
	if err != nil {
		return err
	}
	opt := bench.Options{Program: programName(), Threads: usableThreads(), Count: benchCount, Budget: benchBudget, Dir: c.String("tmp"), Log: log,
		Highlights: benchHighlights}
	if c.Bool("quick") {
		opt.Count, opt.Budget, opt.Total = quickBenchCount, quickBenchBudget, quickBenchTotal
	}
	if c.IsSet("count") {
		opt.Count = c.Int("count")
	}
	if c.IsSet("threads") {
		opt.Threads = c.Int("threads")
	}
	if c.IsSet("budget") {
		opt.Total = c.Duration("budget")
	}
	selected, err := benchSelection(c, &opt)
	if err != nil {
		return benchUsage(err)
	}
	kept := &benchKept{dir: c.String("out"), json: c.String("json"), log: log}
	opt.Keep = kept.keep
	closeGPU, err := benchGPU(selected, &opt)
	if err != nil {
		return err
	}
	report, err := bench.Run(c.Context, selected, opt)
	err = errors.Join(err, closeGPU())
	if report == nil {
		return benchUsage(err)
	}
	// What was measured is told even where the run was interrupted or a workload failed.
	return errors.Join(benchUsage(err), report.WriteText(os.Stdout), kept.keep(report))
}

// benchSelection returns the workloads that the command line asks for. Peers that can't be compared with are added to the
// options.
func benchSelection(c *cli.Context, opt *bench.Options) ([]bench.Workload, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	settings := workloads.Settings{Threads: opt.Threads, Quick: c.Bool("quick"), Program: self}
	everything := c.Bool("all") || c.IsSet("run")
	if everything {
		if settings.GPU, err = confineToGPU(c.Context); err != nil {
			opt.Log.Info("no GPU is measured", "why", err)
		}
	}
	set := workloads.New(settings)
	list := set.Core
	if everything {
		list = set.All
	}
	if c.Bool("peers") {
		duels, err := benchDuels(c, self, opt)
		if err != nil {
			return nil, err
		}
		list = append(list, duels...)
	}
	return bench.Select(list, c.String("run"))
}

// confineToGPU leaves the first usable GPU alone visible to this process, and returns its memory in bytes. Programs that are
// measured as processes of their own are told their device, as always.
func confineToGPU(ctx context.Context) (memory int64, err error) {
	visible, err := findGPUs(ctx)
	if err != nil {
		return 0, err
	}
	d := visible[0]
	if err := d.Usable(); err != nil {
		return 0, err
	}
	return d.Memory, os.Setenv(cuda.VisibleVariable, d.Visible)
}

// benchGPU makes the run measure what the GPU does at best, where workloads are compared with that.
func benchGPU(selected []bench.Workload, opt *bench.Options) (end func() error, err error) {
	compared := slices.ContainsFunc(selected, func(w bench.Workload) bool {
		return slices.ContainsFunc(w.Limits(), func(l limits.Limit) bool { return l.Kind == limits.GPUMatrix })
	})
	if !compared {
		return func() error { return nil }, nil
	}
	ceiling, err := cuda.NewCeiling(cuda.CeilingWidth, cuda.CeilingBytes)
	if err != nil {
		return nil, err
	}
	opt.GPU = ceiling
	return ceiling.Close, nil
}

// benchDuels returns the comparisons with the peers that are installed.
func benchDuels(c *cli.Context, self string, opt *bench.Options) ([]bench.Workload, error) {
	installed, err := filepath.Abs(c.String("peers-dir"))
	if err != nil {
		return nil, err
	}
	found, absent, err := peers.Muster(c.Context, peers.Roster(installed))
	if err != nil {
		return nil, err
	}
	opt.Absent = absent
	if !c.IsSet("budget") {
		opt.Total = 0 // peers take the time they take
	}
	return peers.Duels(peers.Settings{Program: self, Threads: opt.Threads, Quick: c.Bool("quick"), All: c.Bool("all")}, found), nil
}

// benchUsage turns mistakes of the command line that the harness found into usage errors.
func benchUsage(err error) error {
	if errors.Is(err, bench.ErrOption) || errors.Is(err, bench.ErrNoWorkload) || errors.Is(err, gen.ErrOption) {
		return usageError{err}
	}
	return err
}

func benchGen(c *cli.Context) error {
	log, err := logOf(c)
	if err != nil {
		return err
	}
	begin := time.Now()
	sum, err := gen.WriteFile(c.Context, c.String("out"), gen.Options{
		Shape: gen.Shape(c.String("shape")), Seed: c.Uint64("seed"), Records: c.Int64("records"), Bytes: c.Int64("bytes"),
		Length: c.Int64("length"),
	})
	if err != nil {
		return benchUsage(err)
	}
	seconds := time.Since(begin).Seconds()
	log.Info(fmt.Sprintf("wrote %s records, %s residues", thousands(sum.Records), thousands(sum.Residues)), "file", c.String("out"), "bytes", sum.Bytes,
		"longest", sum.Longest, "seconds", fmt.Sprintf("%.2f", seconds), "GB_per_s", fmt.Sprintf("%.2f", float64(sum.Bytes)/1e9/seconds))
	return nil
}

func benchList(c *cli.Context) error {
	memory, _ := confineToGPU(c.Context) // without a GPU there are fewer workloads
	for _, w := range workloads.New(workloads.Settings{Threads: usableThreads(), GPU: memory}).All {
		fmt.Printf("%s\n    %s\n", bench.Label(w), w.Shows())
	}
	return nil
}
