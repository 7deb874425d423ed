package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"longfirst/index"
)

func indexCleanCommand() *cli.Command {
	return command(&cli.Command{
		Name: "clean", Usage: "remove what can be made again from the cache folder, and list it", ArgsUsage: "[FASTA...]",
		Description: example("longfirst index clean --dry-run", "longfirst index clean proteins.fa.gz") +
			"\n\nThe texts of compressed files and of standard input are removed, of all files or only of those named, and what\n" +
			"killed runs have left. Nothing that a process uses is removed, and nothing but files of longfirst.",
		Action: cleanIndex,
	},
		&cli.BoolFlag{Name: "indexes", Usage: "remove indexes too: those in the cache folder, or the index of the FASTA files named"},
		&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "remove nothing, only list"},
		cacheDirFlag)
}

func cleanIndex(c *cli.Context) error {
	log, err := logOf(c)
	if err != nil {
		return err
	}
	dry := c.Bool("dry-run")
	cleaned, err := index.Clean(index.CleanOptions{Files: c.Args().Slice(), Indexes: c.Bool("indexes"), DryRun: dry})
	out := bufio.NewWriter(os.Stdout)
	var files, bytes int64
	for _, item := range cleaned {
		verb := "removed"
		switch {
		case item.Kept != "":
			verb = "kept"
			item.What += ", " + item.Kept
		case dry:
			verb = "would remove"
		}
		if item.Kept == "" {
			files++
			bytes += item.Bytes
		}
		fmt.Fprintf(out, "%-12s %12s  %s  (%s)", verb, bytesText(item.Bytes), item.Path, item.What)
		if item.Of != "" && item.Of != item.Path {
			fmt.Fprintf(out, "  of %s", item.Of)
		}
		fmt.Fprintln(out)
	}
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	freed := "freed"
	if dry {
		freed = "would free"
	}
	log.Info(fmt.Sprintf("%s %s in %s files", freed, bytesText(bytes), thousands(files)))
	return err
}
