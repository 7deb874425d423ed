package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"longfirst/infer/output"
)

func exportCommand() *cli.Command {
	return command(&cli.Command{
		Name: "export", Category: categoryRun, Usage: "write a data set in another format, rows in input order", ArgsUsage: "OUT",
		Description: example("longfirst export --format npy embeddings", "longfirst export --column cls --format tsv embeddings", "python -c 'import numpy; print(numpy.load(\"embeddings/npy/embeddings.npy\").shape)'"),
		Action:      exportAction,
	},
		&cli.StringFlag{Name: "format", Value: "npy", Usage: "`FORMAT`: " + formatsText()},
		&cli.StringFlag{Name: "column", Usage: "column to export, `NAME`; default: the first one, embedding unless others were asked for; a column per residue becomes an array for each record, in npy or npz"},
		&cli.StringFlag{Name: "to", Usage: "folder to write, a file for tsv; default: OUT/FORMAT, stdout for tsv"})
}

// formats are what export writes. All but tsv fill a folder.
var formats = []struct {
	name, files string
	export      func(ctx context.Context, dir output.Dir, column, to string) (output.Export, error)
}{
	{"npy", "embeddings.npy and ids.tsv", output.ExportNPY},
	{"npz", "one file with embeddings, ids, ordinals and lengths for numpy.load", output.ExportNPZ},
	{"safetensors", "embeddings.safetensors and ids.tsv", output.ExportSafetensors},
	{"tsv", "one table, on stdout", func(ctx context.Context, dir output.Dir, column, to string) (done output.Export, err error) {
		err = writeTo(to, func(w io.Writer) (err error) {
			done, err = output.ExportTSV(ctx, dir, column, w)
			return err
		})
		return done, err
	}},
	{"esm-extract", "a file ID.pt for each record, as fair-esm's esm-extract writes them", output.ExportESMExtract},
}

func formatsText() string {
	var texts []string
	for _, f := range formats {
		texts = append(texts, f.name+" ("+f.files+")")
	}
	return strings.Join(texts, ", ")
}

func exportAction(c *cli.Context) error {
	log, err := logOf(c)
	if err != nil {
		return err
	}
	if c.NArg() != 1 {
		return usagef("name one data set folder")
	}
	dir, to := output.Dir(c.Args().First()), c.String("to")
	for _, f := range formats {
		if f.name != c.String("format") {
			continue
		}
		if _, err := os.Stat(dir.Manifest()); err != nil {
			return fmt.Errorf("%s is no data set: %w", c.Args().First(), err)
		}
		if to == "" && f.name != "tsv" {
			to = filepath.Join(string(dir), f.name)
		}
		done, err := f.export(c.Context, dir, c.String("column"), to)
		if err != nil {
			return err
		}
		log.Info(fmt.Sprintf("exported %s rows of %d values", thousands(done.Rows), done.Column.Width), "column", done.Column.Name, "to", to)
		return nil
	}
	return usagef("--format %q: it is one of %s", c.String("format"), formatsText())
}
