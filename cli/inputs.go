package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"longfirst/index"
)

// stdinName stands for standard input where a file is named.
const stdinName = "-"

var cacheDirFlag = &cli.StringFlag{
	Name: "cache-dir", EnvVars: []string{index.CacheVariable},
	Usage: "`FOLDER` of the texts of compressed files and of standard input; default: longfirst in the user's cache folder",
	Action: func(_ *cli.Context, folder string) error {
		folder, err := filepath.Abs(folder)
		if err != nil {
			return err
		}
		return os.Setenv(index.CacheVariable, folder) // worker processes are told so too
	},
}

// inputFlags say what FASTA files there are, beside the arguments, and where their texts lie.
func inputFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "files-from", Usage: "read more FASTA files from `FILE`, one path a line; - for standard input"},
		&cli.BoolFlag{Name: "from0", Aliases: []string{"0"}, Usage: "paths in that file end in NUL, as find -print0 writes them"},
		cacheDirFlag,
	}
}

// fastaFiles returns the FASTA files that a command line names: its arguments, then those of --files-from. What standard
// input gives is kept in a file, which stays there until release is called.
func fastaFiles(c *cli.Context, log *slog.Logger) (files []string, release func(), err error) {
	return fastaFilesOf(c, log, c.Args().Slice())
}

// fastaFilesOf is fastaFiles where only some of the arguments are files.
func fastaFilesOf(c *cli.Context, log *slog.Logger, arguments []string) (files []string, release func(), err error) {
	files = slices.Clone(arguments)
	release = func() {}
	list := c.String("files-from")
	if list != "" {
		listed, err := listedFiles(list, c.Bool("from0"))
		if err != nil {
			return nil, nil, err
		}
		files = append(files, listed...)
	} else if c.Bool("from0") {
		return nil, nil, usagef("--from0 goes with --files-from")
	}
	used := list == stdinName
	for i, name := range files {
		if name != stdinName {
			continue
		}
		if used {
			return nil, nil, usagef("standard input is named twice")
		}
		used = true
		if files[i], release, err = index.Spool(c.Context, os.Stdin, index.Options{Threads: c.Int("threads"), Log: log}); err != nil {
			return nil, nil, err
		}
	}
	return files, release, nil
}

// listedFiles reads a list of paths. Empty lines are left out.
func listedFiles(list string, nul bool) ([]string, error) {
	in := os.Stdin
	if list != stdinName {
		f, err := os.Open(list)
		if err != nil {
			return nil, fmt.Errorf("--files-from: %w", err)
		}
		defer f.Close()
		in = f
	}
	content, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("--files-from %s: %w", list, err)
	}
	if at := bytes.IndexByte(content, 0); at >= 0 && !nul {
		return nil, usagef("--files-from %s: byte %d is NUL; give --from0 with a list that find -print0 wrote, and name FASTA files as arguments", list, at)
	}
	end := "\n"
	if nul {
		end = "\x00"
	}
	var files []string
	for line := range bytes.SplitSeq(content, []byte(end)) {
		if !nul {
			line = bytes.TrimSuffix(line, []byte("\r"))
		}
		if len(line) > 0 {
			files = append(files, string(line))
		}
	}
	if len(files) == 0 {
		return nil, usagef("--files-from %s: it names no files", list)
	}
	return files, nil
}
