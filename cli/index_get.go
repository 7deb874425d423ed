package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"longfirst/index"
	"longfirst/infer"
)

func indexGetCommand() *cli.Command {
	return command(&cli.Command{
		Name: "get", Usage: "write records as FASTA, by id, position or length", ArgsUsage: "FASTA|INDEX [ID...]",
		Description: example(
			"longfirst index get proteins.fa P12345 Q67890",
			"longfirst index get proteins.fa --ids-from ids.txt --out some.fa",
			"longfirst index get proteins.fa --position 0-9     # the ten longest",
			"longfirst index get proteins.fa --length-range 50-400 --out mid.fa",
			"longfirst index get pdb_seqres.fa --kind protein --out proteins.fa",
			"longfirst index get --files-from parts.txt P12345") +
			"\n\nIds come in the order asked for, all records of an id that several have; ids that are not there are named, and the" +
			"\nexit code is 1. The index is built where there is none; the first call adds the names to it. With --index or" +
			"\n--files-from all arguments are ids.",
		Action: getRecords,
	}, append(slices.Concat(inputFlags(), buildFlags()), indexFlag,
		&cli.StringFlag{Name: "ids-from", Usage: "`FILE` with an id at the start of each line, or - for standard input"},
		&cli.StringFlag{Name: "position", Usage: "`A-B` places in the sorted order, longest first, from 0, both included"},
		&cli.StringFlag{Name: "length-range", Usage: "`A-B` residues, both included; A- and -B are open"},
		&cli.StringFlag{Name: "kind", Usage: "only what looks like `KIND`: protein or nucleotide; of all records where no others are named"},
		&cli.IntFlag{Name: "width", Usage: "break lines after `N` residues, 0 for one line; default: lines as they are in the file"},
		&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "`FILE` to write; default: stdout"})...)
}

func getRecords(c *cli.Context) error {
	log, err := logOf(c)
	if err != nil {
		return err
	}
	var file []string
	ids := c.Args().Slice()
	if c.String("index") == "" && c.String("files-from") == "" {
		if len(ids) == 0 {
			return usagef("name a FASTA file or an index; see %s --help", commandLine(c))
		}
		file, ids = ids[:1], ids[1:]
	}
	if err := oneSelection(c, ids); err != nil {
		return err
	}
	opt, err := buildOptions(c, log)
	if err != nil {
		return err
	}
	x, err := indexToRead(c, log, file, opt)
	if err != nil {
		return err
	}
	byID := len(ids) > 0 || c.IsSet("ids-from")
	if byID {
		x, err = index.AddNames(c.Context, x, opt)
	} else if c.IsSet("kind") {
		x, _, err = countClasses(c, log, x)
	}
	if err != nil {
		return err
	}
	defer x.Close()
	if err := refuseOverwriting(c.String("out"), x); err != nil {
		return err
	}
	sources := infer.NewSources(x)
	defer sources.Close()
	get := idGetter{log: log, index: x, sources: sources}
	layout := layoutOf(c)
	if err := writeTo(c.String("out"), func(w io.Writer) error {
		write := func(r *infer.Record) error { return layout.write(w, r) }
		if byID {
			err = get.all(c.Context, ids, c.String("ids-from"), write)
		} else {
			err = getRange(c, x, sources, write)
		}
		if err != nil {
			return err
		}
		return sources.Unchanged()
	}); err != nil {
		return err
	}
	if get.missing > 0 {
		return fmt.Errorf("%d of %d ids are not in %s", get.missing, get.asked, x.Path())
	}
	return nil
}

// oneSelection complains unless the command line selects records in one way.
func oneSelection(c *cli.Context, ids []string) error {
	ways := 0
	for _, given := range []bool{len(ids) > 0 || c.IsSet("ids-from"), c.IsSet("position"), c.IsSet("length-range")} {
		if given {
			ways++
		}
	}
	switch kind := c.String("kind"); {
	case kind != "" && kind != kindProtein && kind != kindNucleotide:
		return usagef("--kind %q: it is protein or nucleotide", kind)
	case kind != "" && (len(ids) > 0 || c.IsSet("ids-from")):
		return usagef("--kind goes with --position and --length-range, or alone, not with ids")
	case kind != "" && ways == 0:
		return checkWidth(c)
	case ways != 1:
		return usagef("name records by ids, or by --position, or by --length-range; see %s --help", commandLine(c))
	}
	return checkWidth(c)
}

func checkWidth(c *cli.Context) error {
	if c.IsSet("width") && c.Int("width") < 0 {
		return usagef("--width %d: it is a number of residues, or 0 for one line", c.Int("width"))
	}
	return nil
}

// indexToRead opens the index named by --index or in place of a FASTA file, or builds or reuses that of the file and of
// those of --files-from.
func indexToRead(c *cli.Context, log *slog.Logger, file []string, opt index.Options) (*index.Index, error) {
	switch {
	case opt.Path != "" && c.String("files-from") != "":
		return nil, usagef("--index names what is read, and so does --files-from")
	case opt.Path != "":
		return index.Open(opt.Path)
	case len(file) == 1 && strings.HasSuffix(file[0], index.Extension):
		return index.Open(file[0])
	}
	if c.String("ids-from") == stdinName && (slices.Contains(file, stdinName) || c.String("files-from") == stdinName) {
		return nil, usagef("standard input is named twice")
	}
	fastas, release, err := fastaFilesOf(c, log, file)
	if err != nil {
		return nil, err
	}
	defer release()
	begin := time.Now()
	watch := newWatch(log, c.Bool("quiet") || c.String("log-format") == "json")
	defer watch.end()
	opt.Progress = func(done, total int64) { watch.scanned(done, total, time.Since(begin)) }
	opt.Expanding = watch.expanding(begin)
	x, outcome, err := ensurePlaced(c.Context, index.Ensure, fastas, opt)
	if err == nil && outcome == index.Created {
		log.Info(fmt.Sprintf("Created index: %d sequences, %d total tokens", x.Len(), x.Tokens()))
	}
	return x, err
}

// refuseOverwriting complains where the output is one of the files that are read.
func refuseOverwriting(out string, x *index.Index) error {
	written, err := os.Stat(out)
	if err != nil {
		return nil // it is none yet, or will be complained about when it is made
	}
	reading := []string{x.Path()}
	for _, file := range x.Files() {
		reading = append(reading, file.Path)
	}
	for _, path := range reading {
		if read, err := os.Stat(path); err == nil && os.SameFile(read, written) {
			return usagef("--out %s is a file that the records are read from", out)
		}
	}
	return nil
}

// getRange writes the records at some positions, of some lengths or of a kind.
func getRange(c *cli.Context, x *index.Index, sources *infer.Sources, write func(*infer.Record) error) error {
	chosen := index.Share(x.Len(), 0, 1)
	if text := c.String("position"); c.IsSet("position") {
		from, to, err := parseSpan(text, 0, math.MaxInt64)
		if err != nil {
			return usagef("--position %q: %v", text, err)
		}
		if to >= x.Len() {
			return fmt.Errorf("--position %s: %s has %d records, at positions from 0", text, x.Path(), x.Len())
		}
		chosen = index.Range{Start: from, Stop: to + 1, Step: 1}
	} else if text := c.String("length-range"); c.IsSet("length-range") {
		shortest, longest, err := parseSpan(text, 0, math.MaxInt64-1)
		if err != nil {
			return usagef("--length-range %q: %v", text, err)
		}
		if chosen, err = x.OfLength(shortest, longest); err != nil {
			return err
		}
	}
	entries := x.Entries(chosen)
	if kind := c.String("kind"); kind != "" {
		var err error
		if entries, err = ofKind(c.Context, x, kind, entries); err != nil {
			return err
		}
	}
	return sources.EachOf(c.Context, entries, write)
}

// parseSpan reads A-B, A-, -B or A, ends included.
func parseSpan(text string, least, most int64) (from, to int64, err error) {
	first, second, isSpan := strings.Cut(text, "-")
	if !isSpan {
		second = first
	}
	from, to = least, most
	if first != "" {
		if from, err = strconv.ParseInt(first, 10, 64); err != nil {
			return 0, 0, errSpan
		}
	}
	if second != "" {
		if to, err = strconv.ParseInt(second, 10, 64); err != nil {
			return 0, 0, errSpan
		}
	}
	if from < least || to > most || to < from || first == "" && second == "" {
		return 0, 0, errSpan
	}
	return from, to, nil
}

var errSpan = errors.New("write two numbers as 10-20, the smaller first")
