package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"longfirst/index"
)

var indexFlag = &cli.StringFlag{Name: "index", Usage: "index `FILE`; default: beside the FASTA file"}

var rehashFlag = &cli.BoolFlag{Name: "rehash", Usage: "compare the content of files, not only size and mtime, which can be forged"}

// buildFlags say with what an index is built, and what joins it later.
func buildFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "memory", Value: "512MiB", Usage: "`SIZE` of memory to build with, about; the rest goes to a temporary file"},
		&cli.StringFlag{Name: "tmp", Usage: "`FOLDER` of that temporary file; default: that of the index"},
		&cli.IntFlag{Name: "threads", Aliases: []string{"t"}, Usage: "`N` threads; default: what this process may use"},
	}
}

// buildOptions are what the flags of an index say, as far as the command has them.
func buildOptions(c *cli.Context, log *slog.Logger) (opt index.Options, err error) {
	opt = index.Options{Path: c.String("index"), Rehash: c.Bool("rehash"), Threads: c.Int("threads"), Temp: c.String("tmp"), Log: log}
	if text := c.String("memory"); text != "" {
		if opt.Memory, err = parseBytes(text); err != nil {
			return opt, usagef("--memory %q: %v", text, err)
		}
	}
	if opt.Threads < 0 {
		return opt, usagef("--threads %d: it is a number of threads, or 0 for what this process may use", opt.Threads)
	}
	if opt.Temp != "" {
		if info, err := os.Stat(opt.Temp); err != nil || !info.IsDir() {
			return opt, usagef("--tmp %s: there is no such folder", opt.Temp)
		}
	}
	return opt, nil
}

func indexCommand() *cli.Command {
	c := command(&cli.Command{
		Name: "index", Category: categoryIndex, Usage: "build the index of FASTA files, or reuse it", ArgsUsage: "FASTA...",
		Description: example("longfirst index proteins.fa", "longfirst index uniref50.fasta.gz", "zcat *.fa.gz | longfirst index -",
			"find data -name '*.fa' -print0 | longfirst index --files-from - --from0", "longfirst index show proteins.fa"),
		Action: buildIndex,
		Subcommands: []*cli.Command{
			indexShowCommand(), indexGetCommand(), indexCleanCommand(),
			command(&cli.Command{
				Name: "check", Usage: "compare every entry of an index with the FASTA files", ArgsUsage: "FASTA...|INDEX",
				Description: example("longfirst index check proteins.fa"), Action: checkIndex,
			}, append(inputFlags(), indexFlag)...),
			command(&cli.Command{
				Name: "export", Usage: "write an index in the portable form", ArgsUsage: "FASTA...|INDEX",
				Description: example("longfirst index export --format json proteins.fa > proteins.json"), Action: exportIndex,
			}, append(inputFlags(), indexFlag,
				&cli.StringFlag{Name: "format", Value: "json", Usage: "`FORMAT`: json"},
				&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "`FILE` to write; default: stdout"})...),
		},
	}, append(slices.Concat(inputFlags(), buildFlags()), indexFlag, rehashFlag,
		&cli.IntFlag{Name: "world-size", Aliases: []string{"n"}, Usage: "also print the shares of `N` workers"})...)
	return c
}

func buildIndex(c *cli.Context) error {
	log, err := logOf(c)
	if err != nil {
		return err
	}
	if n := c.Int("world-size"); n < 0 {
		return usagef("--world-size %d: it is a number of workers", n)
	}
	x, err := ensureIndex(c, log)
	if err != nil {
		return err
	}
	defer x.Close()
	return logShares(log, x, c.Int("world-size"), nil)
}

// ensureIndex builds or reuses the index of the FASTA files named on the command line.
func ensureIndex(c *cli.Context, log *slog.Logger) (*index.Index, error) {
	opt, err := buildOptions(c, log)
	if err != nil {
		return nil, err
	}
	fastas, release, err := fastaFiles(c, log)
	if err != nil {
		return nil, err
	}
	defer release()
	if len(fastas) == 0 {
		return nil, usagef("name at least one FASTA file; see %s --help", commandLine(c))
	}
	opt.Texts = c.Command.Name == "infer" && !c.Bool("dry-run") // worker processes read them
	begin := time.Now()
	watch := newWatch(log, c.Bool("quiet") || c.String("log-format") == "json")
	defer watch.end()
	opt.Progress = func(done, total int64) { watch.scanned(done, total, time.Since(begin)) }
	opt.Writing = watch.written()
	opt.Expanding = watch.expanding(begin)
	x, outcome, err := ensurePlaced(c.Context, index.Ensure, fastas, opt)
	watch.end()
	if err != nil {
		return nil, err
	}
	// Scripts rely on these two lines.
	if outcome == index.Created {
		log.Info(fmt.Sprintf("Created index: %d sequences, %d total tokens", x.Len(), x.Tokens()))
	} else {
		log.Info("Using cached index: " + x.Path())
	}
	log.Info("index ready", "took", time.Since(begin).Round(10*time.Microsecond), "path", x.Path())
	if n := x.Duplicates(); n > 0 {
		log.Warn(fmt.Sprintf("records with the id of an earlier record: %d; each is kept, a record is known by its place", n))
	}
	return x, nil
}

// written shows how far an index is written.
func (w *watch) written() func(done, total int64) {
	var begin time.Time
	return func(done, total int64) {
		if begin.IsZero() {
			begin = time.Now()
		}
		w.bytes(done, total, time.Since(begin), "of the index written")
	}
}

// expanding shows how far compressed files are decompressed: all that have begun, together.
func (w *watch) expanding(begin time.Time) func(path string, done, total int64) {
	var mutex sync.Mutex
	before := map[string]int64{}
	var doneAll, totalAll int64
	return func(path string, done, total int64) {
		mutex.Lock()
		defer mutex.Unlock()
		if _, known := before[path]; !known {
			totalAll += total
		}
		doneAll += done - before[path]
		before[path] = done
		w.bytes(doneAll, totalAll, time.Since(begin), "decompressed")
	}
}

// scanned shows how far the files of an index are read.
func (w *watch) scanned(done, total int64, elapsed time.Duration) {
	w.bytes(done, total, elapsed, "scanned")
}

func (w *watch) bytes(done, total int64, elapsed time.Duration, what string) {
	if time.Since(w.last) < w.interval {
		return
	}
	w.last = time.Now()
	rate := float64(done) / max(elapsed.Seconds(), 1e-3)
	eta := "?"
	if done > 0 {
		eta = (time.Duration(float64(total-done)/rate) * time.Second).String()
	}
	line := fmt.Sprintf("%3.0f %%  %s of %s %s  %s/s  ETA %s",
		100*float64(done)/float64(max(1, total)), bytesText(done), bytesText(total), what, bytesText(int64(rate)), eta)
	if w.status == nil {
		w.log.Info(line)
		return
	}
	w.status.draw(line)
}

// parseBytes reads a size like 512MiB, 512M or 2G; K, M, G and T are powers of 1024.
func parseBytes(text string) (int64, error) {
	number := strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(strings.TrimSpace(text)), "B"), "I")
	shift := 0
	if i := strings.IndexAny(number, "KMGT"); i >= 0 && i == len(number)-1 {
		shift = 10 * (1 + strings.IndexByte("KMGT", number[i]))
		number = number[:i]
	}
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil || n <= 0 || n > math.MaxInt64>>shift {
		return 0, errors.New("write a size as 512MiB or 4G")
	}
	return n << shift, nil
}

// logShares prints how the records are dealt out to ranks, or to all where ranks is nil.
func logShares(log *slog.Logger, x *index.Index, world int, ranks []int) error {
	if world < 1 {
		return nil
	}
	shares, err := index.Distribution(x, world)
	if err != nil {
		return err
	}
	for _, s := range shares {
		if ranks != nil && !slices.Contains(ranks, s.Rank) {
			continue
		}
		// Scripts rely on this line.
		log.Info(fmt.Sprintf("Worker %d/%d: %d sequences, %d tokens", s.Rank, world, s.Records, s.Tokens))
	}
	return nil
}

// openIndex opens the index that the arguments name: --index, an index file, or FASTA files whose index lies in its
// usual place.
func openIndex(c *cli.Context) (*index.Index, error) {
	if path := c.String("index"); path != "" {
		return index.Open(path)
	}
	args, release, err := fastaFiles(c, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer release()
	if len(args) == 0 {
		return nil, usagef("name FASTA files or an index; see %s --help", commandLine(c))
	}
	if len(args) == 1 && strings.HasSuffix(args[0], index.Extension) {
		return index.Open(args[0])
	}
	path, err := index.DefaultPath(args)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("%s: there is no index yet: longfirst index builds it: %w", path, err)
	}
	return index.Open(path)
}

func checkIndex(c *cli.Context) error {
	log, err := logOf(c)
	if err != nil {
		return err
	}
	x, err := openIndex(c)
	if err != nil {
		return err
	}
	defer x.Close()
	if err := x.Check(c.Context); err != nil {
		return err
	}
	log.Info("the index is sound and agrees with the FASTA files", "path", x.Path(), "sequences", x.Len())
	return nil
}

func exportIndex(c *cli.Context) error {
	log, err := logOf(c)
	if err != nil {
		return err
	}
	if f := c.String("format"); f != "json" {
		return usagef("--format %q: an index can be exported as json", f)
	}
	x, err := openIndex(c)
	if err != nil {
		return err
	}
	defer x.Close()
	var altered int64
	err = writeTo(c.String("out"), func(w io.Writer) (err error) {
		altered, err = x.ExportJSON(w)
		return err
	})
	if altered > 0 {
		log.Warn("JSON holds Unicode text only: bytes that are not UTF-8 were written as U+FFFD; the index keeps them as they are", "ids and paths", altered)
	}
	return err
}

// writeTo lets write fill a file, or stdout where path is empty. A file that could not be written whole is removed.
func writeTo(path string, write func(io.Writer) error) error {
	to := os.Stdout
	if path != "" {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		to = f
	}
	w := bufio.NewWriterSize(to, 1<<20)
	err := write(w)
	if err == nil {
		err = w.Flush()
	}
	if path != "" {
		if closed := to.Close(); err == nil {
			err = closed
		}
		if err != nil {
			os.Remove(path)
		}
	}
	return err
}
