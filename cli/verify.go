package main

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"longfirst/index"
	"longfirst/infer/output"
	"longfirst/infer/worker"
)

func verifyCommand() *cli.Command {
	return command(&cli.Command{
		Name: "verify", Category: categoryRun, ArgsUsage: "OUT",
		Usage: "prove that a data set is complete and undamaged, and mark it with _SUCCESS",
		Description: example("longfirst verify embeddings", "longfirst verify --sample 20 embeddings") +
			"\n\nEvery record of the index must have exactly one row, or be empty. Every byte of every part is compared with the\n" +
			"part's checksum, and every row with its record in the FASTA files (not with --quick). What is missing is named by rank and block, with the command that computes it.\n" +
			"--sample computes some rows again on the CPU and compares them.",
		Action: verifyAction,
	},
		indexFlag,
		&cli.StringFlag{Name: "missing", Usage: "write a table of the records still to be computed to `FILE`"},
		&cli.StringFlag{Name: "model", Aliases: []string{"m"}, Usage: "model folder `DIR`, or a model of the hub, for --sample; default: where the data set had it"},
		&cli.BoolFlag{Name: "quick", Usage: "do not read the FASTA files"},
		&cli.Int64Flag{Name: "sample", Usage: "compute `N` rows again"},
		&cli.IntFlag{Name: "threads", Aliases: []string{"t"}, Usage: "`N` threads; default: what this process may use"})
}

func verifyAction(c *cli.Context) error {
	log, err := logOf(c)
	if err != nil {
		return err
	}
	if c.NArg() != 1 {
		return usagef("name one data set folder")
	}
	out, err := filepath.Abs(c.Args().First())
	if err != nil {
		return err
	}
	manifest, err := output.ReadManifest(output.Dir(out))
	if err != nil {
		return fmt.Errorf("%s is no data set: %w", out, err)
	}
	indexPath := c.String("index")
	if indexPath == "" {
		indexPath = manifest.Index.Path
	}
	x, err := index.Open(indexPath)
	if err != nil {
		return fmt.Errorf("%w; name the index of the data set with --index", err)
	}
	defer x.Close()
	modelDir := c.String("model")
	if modelDir == "" {
		modelDir = manifest.Model.Path
	} else if modelDir, err = modelFolder(c, modelDir); err != nil {
		return err
	}
	check := worker.Check{Index: x, Model: modelDir, Out: out, Quick: c.Bool("quick"), Sample: c.Int64("sample"), Threads: c.Int("threads"), NewBackend: newBackend}
	if check.Threads == 0 {
		check.Threads = usableThreads()
	}
	found, err := worker.Verify(c.Context, check)
	if err != nil {
		return err
	}
	redrawReport(log, out)
	for _, class := range slices.Sorted(maps.Keys(found.Proof.Classes)) {
		log.Info("computed in numeric class "+class, "rows", found.Proof.Classes[class])
	}
	for _, r := range found.Recomputed {
		log.Info("computed again", "id", r.ID, "ordinal", r.Ordinal, "identical", r.Identical, "largest_difference", fmt.Sprintf("%.2g", r.Largest))
	}
	if len(found.Proof.Missing) > 0 {
		reportMissing(log, out, manifest, x, found)
	}
	if path := c.String("missing"); path != "" {
		if err := writeTo(path, func(w io.Writer) error { return writeMissing(w, found, x.Files()) }); err != nil {
			return err
		}
	}
	if err := summarizeProof(log, out, found.Proof); err != nil && len(found.Proof.Missing) == 0 {
		return err
	}
	return found.Proof.Err() // 1 where blocks are missing: 3 would say that all is done but for some records
}
