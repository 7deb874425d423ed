package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/urfave/cli/v2"

	"longfirst/infer/output"
	pages "longfirst/infer/report"
)

func reportCommand() *cli.Command {
	return command(&cli.Command{
		Name: "report", Category: categoryRun, ArgsUsage: "OUT",
		Usage: "draw OUT/report.html anew: what ran on what, how fast, and what went another way than planned",
		Description: example("longfirst report embeddings") +
			"\n\ninfer draws the page at the end of each run. It is one file that fetches nothing and runs no script, made from the journals\n" +
			"in OUT/logs; so it can be drawn while a run goes on, and after one that was killed.",
		Action: func(c *cli.Context) error {
			log, err := logOf(c)
			if err != nil {
				return err
			}
			if c.NArg() != 1 {
				return usagef("name one data set folder")
			}
			dir := output.Dir(c.Args().First())
			err = pages.Write(dir)
			if errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%s is no data set: %w", dir, err)
			}
			if err == nil {
				log.Info("report written", "path", dir.Report())
			}
			return err
		},
	})
}

// drawReport draws the page of a data set that something was done to. A run does not fail for want of it.
func drawReport(log *slog.Logger, out string) {
	if err := pages.Write(output.Dir(out)); err != nil {
		log.Warn("no report was written", "error", err)
		return
	}
	log.Info("report written", "path", output.Dir(out).Report())
}

// redrawReport draws the page of a data set that has one.
func redrawReport(log *slog.Logger, out string) {
	if _, err := os.Stat(output.Dir(out).Report()); err == nil {
		drawReport(log, out)
	}
}
