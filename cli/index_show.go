package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"longfirst/index"
)

func indexShowCommand() *cli.Command {
	return command(&cli.Command{
		Name: "show", Usage: "print what an index holds", ArgsUsage: "FASTA...|INDEX",
		Description: example("longfirst index show proteins.fa", "longfirst index show --classes --json proteins.fa"),
		Action:      showIndex,
	}, append(inputFlags(), indexFlag,
		&cli.BoolFlag{Name: "classes", Usage: "count lower case, U, O, B, Z, X, J, stops, gaps, other bytes and nucleotides; reads the FASTA files the first time"},
		&cli.BoolFlag{Name: "json", Usage: "print all of it as JSON"})...)
}

// summary is what show prints, and the form of --json.
type summary struct {
	Index      string           `json:"index"`
	Created    time.Time        `json:"created"`
	Digest     string           `json:"digest"`
	Sequences  int64            `json:"sequences"`
	Tokens     int64            `json:"tokens"`
	Longest    int64            `json:"longest"`
	Shortest   int64            `json:"shortest"`
	Median     int64            `json:"median"`
	N50        int64            `json:"n50"`
	Duplicates int64            `json:"duplicates"`
	Frequent   []index.IDCount  `json:"frequent_ids,omitempty"` // those of most records, where the index has names
	Pages      int64            `json:"pages"`
	Size       int64            `json:"size_bytes"`
	Names      bool             `json:"names"`
	Lengths    []lengthBin      `json:"lengths"`
	Classes    map[string]tally `json:"classes"` // null where they have not been counted
	Examples   []string         `json:"nucleotide_examples,omitempty"`
	Files      []fileInfo       `json:"files"`
}

type lengthBin struct {
	From      int64 `json:"from"`
	To        int64 `json:"to"`
	Sequences int64 `json:"sequences"`
	Tokens    int64 `json:"tokens"`
}

type tally struct {
	Residues  int64 `json:"residues"`
	Sequences int64 `json:"sequences"`
}

type fileInfo struct {
	Path      string `json:"path"`
	Size      int64  `json:"size_bytes"`
	MtimeNS   int64  `json:"mtime_ns"`
	XXH3      string `json:"xxh3_128"`
	Sequences int64  `json:"sequences"`
	Tokens    int64  `json:"tokens"`
}

func showIndex(c *cli.Context) error {
	log, err := logOf(c)
	if err != nil {
		return err
	}
	x, err := openIndex(c)
	if err != nil {
		return err
	}
	var classes index.ClassTotals
	known := true
	if c.Bool("classes") {
		x, classes, err = countClasses(c, log, x)
	} else {
		classes, known, err = x.ClassTotals()
	}
	if x != nil {
		defer x.Close()
	}
	if err != nil {
		return err
	}
	s, err := summarize(c.Context, x)
	if err != nil {
		return err
	}
	if known {
		s.addClasses(&classes)
	}
	w := bufio.NewWriter(os.Stdout)
	if c.Bool("json") {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		if err := out.Encode(s); err != nil {
			return err
		}
	} else {
		s.print(w)
	}
	return w.Flush()
}

// countClasses counts what the residues of all records are, where the index does not say it yet.
func countClasses(c *cli.Context, log *slog.Logger, x *index.Index) (*index.Index, index.ClassTotals, error) {
	begin := time.Now()
	watch := newWatch(log, c.Bool("quiet") || c.String("log-format") == "json")
	defer watch.end()
	return index.CountClasses(c.Context, x, index.Options{Log: log,
		Progress: func(done, total int64) { watch.scanned(done, total, time.Since(begin)) }})
}

func summarize(ctx context.Context, x *index.Index) (*summary, error) {
	stats, err := x.LengthStats()
	if err != nil {
		return nil, err
	}
	frequent, err := x.FrequentIDs(ctx, frequentIDs)
	if err != nil {
		return nil, err
	}
	s := &summary{
		Index: x.Path(), Created: x.Created(), Digest: x.Digest().String(), Sequences: x.Len(), Tokens: x.Tokens(),
		Longest: x.Longest(), Shortest: stats.Shortest, Median: stats.Median, N50: stats.N50,
		Duplicates: x.Duplicates(), Frequent: frequent, Pages: x.Pages(), Size: x.Size(), Names: x.HasNames(),
		Lengths: []lengthBin{}, Files: []fileInfo{},
	}
	for _, b := range stats.Bins {
		s.Lengths = append(s.Lengths, lengthBin{b.From, b.To, b.Records, b.Residues})
	}
	for _, f := range x.Files() {
		s.Files = append(s.Files, fileInfo{f.Path, f.Stamp.Size, f.Stamp.MtimeNS, fmt.Sprintf("%x", f.Hash), f.Records, f.Residues})
	}
	return s, nil
}

func (s *summary) addClasses(totals *index.ClassTotals) {
	s.Classes = map[string]tally{}
	for class := range index.ClassCount {
		t := tally{totals.Residues[class], totals.Records[class]}
		if class == index.ClassNucleotide { // a record is counted, not its residues
			t.Residues = 0
		}
		s.Classes[class.Name()] = t
	}
	s.Examples = totals.Nucleotides
}

func (s *summary) print(w io.Writer) {
	line := func(name, text string) { fmt.Fprintf(w, "%-12s %s\n", name, text) }
	line("index", s.Index)
	line("created", s.Created.Format(time.RFC3339))
	line("digest", s.Digest)
	line("sequences", thousands(s.Sequences))
	line("tokens", thousands(s.Tokens))
	line("longest", thousands(s.Longest))
	line("median", thousands(s.Median))
	line("shortest", thousands(s.Shortest))
	line("N50", thousands(s.N50))
	line("duplicates", thousands(s.Duplicates)+s.frequentText())
	line("pages", thousands(s.Pages))
	size := bytesText(s.Size)
	if s.Sequences > 0 {
		size += fmt.Sprintf(", %.1f bytes a sequence", float64(s.Size)/float64(s.Sequences))
	}
	line("size", size)
	s.printLengths(w)
	s.printClasses(w)
	fmt.Fprintf(w, "\nfiles\n")
	for _, f := range s.Files {
		fmt.Fprintf(w, "  %12s sequences %14s tokens  %s\n", thousands(f.Sequences), thousands(f.Tokens), f.Path)
	}
}

// frequentIDs is how many of the ids that most records share are shown.
const frequentIDs = 5

func (s *summary) frequentText() string {
	var parts []string
	for _, id := range s.Frequent {
		parts = append(parts, fmt.Sprintf("%s %s", id.ID, thousands(id.Records)))
	}
	if parts == nil {
		return ""
	}
	return ", most often " + strings.Join(parts, ", ")
}

// barWidth is that of the longest bar, in characters.
const barWidth = 40

func (s *summary) printLengths(w io.Writer) {
	if len(s.Lengths) == 0 {
		return
	}
	var most int64
	for _, b := range s.Lengths {
		most = max(most, b.Sequences)
	}
	fmt.Fprintf(w, "\nlengths %22s\n", "sequences")
	for _, b := range s.Lengths {
		fmt.Fprintf(w, "  %13s %14s %s\n", spanText(b.From, b.To), thousands(b.Sequences), bar(b.Sequences, most))
	}
}

func spanText(from, to int64) string {
	if from == to {
		return thousands(from)
	}
	return thousands(from) + "-" + thousands(to)
}

// bar draws n of most in eighths of a character: whatever is there is seen.
func bar(n, most int64) string {
	eighths := int(float64(n) / float64(most) * barWidth * 8)
	if n > 0 {
		eighths = max(eighths, 1)
	}
	text := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		text += string([]rune(" ▏▎▍▌▋▊▉")[rest])
	}
	return text
}

func (s *summary) printClasses(w io.Writer) {
	if s.Classes == nil {
		fmt.Fprintf(w, "\nresidues     not counted yet: longfirst index show --classes\n")
		return
	}
	fmt.Fprintf(w, "\nresidues %21s %14s\n", "", "sequences")
	for class := range index.ClassCount {
		t := s.Classes[class.Name()]
		if class == index.ClassNucleotide {
			fmt.Fprintf(w, "  %-13s %14s %14s", "nucleotides?", "", thousands(t.Sequences))
			if len(s.Examples) > 0 {
				fmt.Fprintf(w, "  such as %s", strings.Join(s.Examples, ", "))
			}
			fmt.Fprintln(w)
			continue
		}
		fmt.Fprintf(w, "  %-13s %14s %14s\n", class.Name(), thousands(t.Residues), thousands(t.Sequences))
	}
}
