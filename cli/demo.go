package main

import (
	"bufio"
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"longfirst/infer"
	"longfirst/infer/output"
)

// sampleFASTA holds random proteins with the oddities a FASTA file may have; demo/make_sample.py writes it.
//
//go:embed demo/sample.fa
var sampleFASTA []byte

// expectedEmbeddings is what transformers computes for sampleFASTA with the model of `model init --config tiny --seed 1`;
// infer/esm2/testdata/goldens/make_goldens.py writes it.
//
//go:embed demo/expected.tsv
var expectedEmbeddings string

// demoTolerance is what a value may differ from transformers' by, as a share of the row's largest value.
const demoTolerance = 1e-4

func demoCommand() *cli.Command {
	return &cli.Command{
		Name: "demo", Category: categoryInspect, Usage: "show the program at work on bundled sample data, a kill and a resume included",
		Description: example("longfirst demo", "longfirst demo --model models/esm2_t6_8M_UR50D"),
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "model", Aliases: []string{"m"}, Usage: "model folder `DIR`; default: a small one with random weights, made on the spot"},
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Value: "longfirst-demo", Usage: "folder `DIR` to work in; emptied first"},
		},
		OnUsageError: onUsageError,
		Action:       demoAction,
	}
}

// demo runs this program's own commands in a folder and prints what they print.
type demo struct {
	self, dir string
	out       *bufio.Writer
}

func demoAction(c *cli.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	d := &demo{self: self, dir: c.String("out"), out: bufio.NewWriter(os.Stdout)}
	defer d.out.Flush()
	if err := d.prepare(); err != nil {
		return err
	}
	model := c.String("model")
	random := model == ""
	if !random {
		if model, err = filepath.Abs(model); err != nil {
			return err
		}
	}
	return errors.Join(d.tell(c, model, random), d.out.Flush())
}

// demoMark is a file that tells the demo's folder from one that holds something of the user's.
const demoMark = ".longfirst-demo"

func (d *demo) prepare() error {
	if entries, err := os.ReadDir(d.dir); err == nil && len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(d.dir, demoMark)); err != nil {
			return usagef("%s is not empty and no folder of an earlier demo; name another with --out", d.dir)
		}
		if err := os.RemoveAll(d.dir); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(d.dir, 0o777); err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(d.dir, demoMark), nil, 0o666),
		os.WriteFile(filepath.Join(d.dir, "sample.fa"), sampleFASTA, 0o666))
}

// tell is the demo's story.
func (d *demo) tell(c *cli.Context, model string, random bool) error {
	fmt.Fprintf(d.out, "longfirst demo in %s: %d bytes of FASTA\n", d.dir, len(sampleFASTA))
	d.chapter("The FASTA file is indexed once, then the index is reused")
	for range 2 {
		if err := d.run("index", "sample.fa"); err != nil {
			return err
		}
	}
	if random {
		d.chapter("A small model with random weights is made on the spot")
		model = "random-model"
		if err := d.run("model", "init", "--config", "tiny", "--seed", "1", "--out", model); err != nil {
			return err
		}
	}
	run := []string{"infer", "--model", model, "--workers", "2", "--out"}
	d.chapter("A run is killed halfway with SIGKILL")
	if err := d.kill(append(run, "killed", "sample.fa")); err != nil {
		return err
	}
	d.chapter("The same command again goes on where it stopped")
	if err := d.run(append(run, "killed", "sample.fa")...); err != nil {
		return err
	}
	d.chapter("An undisturbed run, to compare")
	if err := d.run(append(run, "undisturbed", "sample.fa")...); err != nil {
		return err
	}
	identical, err := d.compareRuns("killed", "undisturbed")
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "identical: %s\n", map[bool]string{true: "yes", false: "NO"}[identical])
	if random {
		d.chapter("The embeddings against those of transformers")
		if err := d.compareExpected("undisturbed"); err != nil {
			return err
		}
	}
	d.chapter("Five rows")
	if err := d.rows("undisturbed", 5); err != nil {
		return err
	}
	d.chapter("Read them in Python")
	fmt.Fprintf(d.out, "python -c \"import pandas; print(pandas.read_parquet('%s'))\"\n", filepath.Join(d.dir, "undisturbed", "embeddings"))
	if random {
		fmt.Fprintf(d.out, "\nrandom weights: no biological meaning\n")
	}
	if !identical {
		return errors.New("the resumed run differs from the undisturbed one")
	}
	return nil
}

func (d *demo) chapter(title string) { fmt.Fprintf(d.out, "\n== %s\n", title) }

func (d *demo) command(args []string) *exec.Cmd {
	fmt.Fprintf(d.out, "$ longfirst %s\n", strings.Join(args, " "))
	d.out.Flush()
	cmd := exec.Command(d.self, args...)
	cmd.Dir = d.dir
	return cmd
}

// run runs a command of this program to its end.
func (d *demo) run(args ...string) error {
	cmd := d.command(args)
	cmd.Stdout, cmd.Stderr = d.out, d.out
	err := cmd.Run()
	d.out.Flush()
	if err != nil {
		return fmt.Errorf("longfirst %s: %w", args[0], err)
	}
	return nil
}

// kill starts a run and kills it once about half of its blocks are published.
func (d *demo) kill(args []string) error {
	cmd := d.command(args)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	dir := output.Dir(filepath.Join(d.dir, "killed"))
	const halfway = 10 // of the 20 blocks or so that two shares of the sample are cut into
	for {
		select {
		case err := <-exited:
			io.Copy(d.out, &said)
			if err != nil {
				return fmt.Errorf("longfirst infer: %w", err)
			}
			fmt.Fprintf(d.out, "the run was over before it could be killed\n")
			return nil
		case <-time.After(time.Millisecond):
		}
		parts, _, err := dir.Parts()
		if err != nil {
			return err
		}
		if len(parts) >= halfway {
			cmd.Process.Kill()
			<-exited
			fmt.Fprintf(d.out, "killed with %d blocks published\n", len(parts))
			return nil
		}
	}
}

// compareRuns tells whether two data sets hold the same parts, byte for byte.
func (d *demo) compareRuns(a, b string) (bool, error) {
	var contents [2]map[string]string
	for i, name := range []string{a, b} {
		dir := output.Dir(filepath.Join(d.dir, name))
		parts, _, err := dir.Parts()
		if err != nil {
			return false, err
		}
		contents[i] = make(map[string]string)
		for id, path := range parts {
			text, err := os.ReadFile(path)
			if err != nil {
				return false, err
			}
			contents[i][id.Name()] = string(text)
		}
	}
	return len(contents[0]) > 0 && maps.Equal(contents[0], contents[1]), nil
}

// sortedRows returns the rows of a data set in input order.
func (d *demo) sortedRows(name string) ([]output.Row, error) {
	parts, _, err := output.Dir(filepath.Join(d.dir, name)).Parts()
	if err != nil {
		return nil, err
	}
	var rows []output.Row
	for _, path := range parts {
		part, err := output.OpenPart(path)
		if err != nil {
			return nil, err
		}
		for row, err := range part.Rows() {
			if err != nil {
				part.Close()
				return nil, err
			}
			copied := *row
			copied.Embedding = slices.Clone(row.Embedding)
			rows = append(rows, copied)
		}
		part.Close()
	}
	slices.SortFunc(rows, func(a, b output.Row) int { return int(a.Ordinal - b.Ordinal) })
	return rows, nil
}

// compareExpected prints the largest difference from what transformers computed.
func (d *demo) compareExpected(name string) error {
	rows, err := d.sortedRows(name)
	if err != nil {
		return err
	}
	expected, err := parseExpected(expectedEmbeddings)
	if err != nil {
		return err
	}
	if len(rows) != len(expected) {
		return fmt.Errorf("%d rows, transformers has %d", len(rows), len(expected))
	}
	var largest float64
	for _, row := range rows {
		want, ok := expected[row.Ordinal]
		if !ok || len(want) != len(row.Embedding) {
			return fmt.Errorf("record %s (ordinal %d) is not among transformers' rows", row.ID, row.Ordinal)
		}
		largest = max(largest, infer.LargestDifference(want, row.Embedding))
	}
	fmt.Fprintf(d.out, "largest difference from transformers: %.1e of a row's largest value (limit %.0e)\n", largest, demoTolerance)
	if largest > demoTolerance {
		return errors.New("the embeddings differ from those of transformers by more than the limit")
	}
	return nil
}

// parseExpected reads a table of lines "ordinal TAB value TAB value …" under a header line.
func parseExpected(table string) (map[int64][]float32, error) {
	lines := strings.Split(strings.TrimSpace(table), "\n")
	rows := make(map[int64][]float32, len(lines))
	for _, line := range lines[1:] {
		fields := strings.Split(line, "\t")
		ordinal, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil {
			return nil, err
		}
		row := make([]float32, len(fields)-1)
		for i, f := range fields[1:] {
			v, err := strconv.ParseFloat(f, 32)
			if err != nil {
				return nil, err
			}
			row[i] = float32(v)
		}
		rows[ordinal] = row
	}
	return rows, nil
}

// rows prints n rows of a data set in input order, those first of which there is something to tell.
func (d *demo) rows(name string, n int) error {
	rows, err := d.sortedRows(name)
	if err != nil {
		return err
	}
	slices.SortStableFunc(rows, func(a, b output.Row) int { return cmp.Compare(ordinary(a), ordinary(b)) })
	rows = rows[:min(n, len(rows))]
	slices.SortFunc(rows, func(a, b output.Row) int { return int(a.Ordinal - b.Ordinal) })
	fmt.Fprintf(d.out, "%-16s %8s %9s %8s  embedding\n", "id", "residues", "truncated", "unknown")
	for _, row := range rows {
		fmt.Fprintf(d.out, "%-16s %8d %9d %8d  %+.4f …\n", row.ID, row.Residues, row.Truncated, row.Unknown, row.Embedding[:min(4, len(row.Embedding))])
	}
	return nil
}

// ordinary is 0 for a record of which not every residue became the token it has, else 1.
func ordinary(row output.Row) int {
	if row.Unknown > 0 || row.Length != row.Residues {
		return 0
	}
	return 1
}
