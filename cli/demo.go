package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"longfirst/index"
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
		Action: demoAction,
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
	blocks := 0
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
		if blocks == 0 && len(parts) > 0 {
			if blocks, err = countBlocks(dir); err != nil {
				return err
			}
		}
		if len(parts) > 0 && len(parts) >= blocks/2 {
			cmd.Process.Kill()
			<-exited
			fmt.Fprintf(d.out, "killed with %d of %d blocks published\n", len(parts), blocks)
			return nil
		}
	}
}

// countBlocks returns the number of blocks of a data set.
func countBlocks(dir output.Dir) (n int, err error) {
	m, err := output.ReadManifest(dir)
	if err != nil {
		return 0, err
	}
	rule, err := infer.ReadBlockRule(m.Blocks)
	if err != nil {
		return 0, err
	}
	x, err := index.Open(m.Index.Path)
	if err != nil {
		return 0, err
	}
	defer x.Close()
	plan := &infer.Plan{Index: x, World: m.WorldSize, Rule: rule}
	for _, err := range plan.Parts() {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}
