package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"longfirst/infer/output"
)

func exportCommand() *cli.Command {
	return command(&cli.Command{
		Name: "export", Category: categoryRun, Usage: "write a data set in another format, rows in input order", ArgsUsage: "OUT",
		Description: example("longfirst export --format npy embeddings", "python -c 'import numpy; print(numpy.load(\"embeddings/npy/embeddings.npy\").shape)'"),
		Action:      exportAction,
	},
		&cli.StringFlag{Name: "format", Value: "npy", Usage: "npy: embeddings.npy and ids.tsv; tsv: one table"},
		&cli.StringFlag{Name: "to", Usage: "folder (npy) or file (tsv) to write; default: OUT/npy, stdout"})
}

func exportAction(c *cli.Context) error {
	log, err := logOf(c)
	if err != nil {
		return err
	}
	if c.NArg() != 1 {
		return usagef("name one data set folder")
	}
	if format := c.String("format"); format != "npy" && format != "tsv" {
		return usagef("--format %q: it is npy or tsv", format)
	}
	dir, to := output.Dir(c.Args().First()), c.String("to")
	if _, err := os.Stat(dir.Manifest()); err != nil {
		return fmt.Errorf("%s is no data set: %w", c.Args().First(), err)
	}
	var done output.Export
	if c.String("format") == "npy" {
		if to == "" {
			to = filepath.Join(string(dir), "npy")
		}
		done, err = output.ExportNPY(c.Context, dir, to)
	} else {
		err = writeTo(to, func(w io.Writer) (err error) {
			done, err = output.ExportTSV(c.Context, dir, w)
			return err
		})
	}
	if err != nil {
		return err
	}
	log.Info(fmt.Sprintf("exported %s rows of %d values", thousands(done.Rows), done.Dimension), "to", to)
	return nil
}
