package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"longfirst/bench"
	"longfirst/bench/compare"
	"longfirst/bench/page"
	"longfirst/bench/readme"
)

// What is done with results that were kept.

func benchCompareCommand() *cli.Command {
	return &cli.Command{
		Name: "compare", Usage: "tell what became faster or slower from A to B", ArgsUsage: "A B",
		Description: example("longfirst bench compare bench/results/before bench/results/after") +
			"\n\nA and B are results folders, JSON files, or folders of JSON files. A change counts only outside the measured spread.",
		Action: func(c *cli.Context) error {
			if c.NArg() != 2 {
				return usagef("bench compare takes two results: before and after the change")
			}
			var sides [2][]*bench.Report
			for i := range sides {
				var err error
				if sides[i], err = compare.Load(c.Args().Get(i)); err != nil {
					return err
				}
			}
			comparison, err := compare.Compare(sides[0], sides[1])
			if err != nil {
				return err
			}
			return comparison.WriteText(os.Stdout)
		},
	}
}

func benchPageCommand() *cli.Command {
	return &cli.Command{
		Name: "page", Usage: "write the page of a results folder anew", ArgsUsage: "FOLDER", Description: example("longfirst bench page bench/results/FOLDER"),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return usagef("bench page takes one results folder")
			}
			r, err := bench.Load(c.Args().First())
			if err != nil {
				return err
			}
			return writeTo(filepath.Join(c.Args().First(), page.Name), benchPage(r))
		},
	}
}

func benchReadmeCommand() *cli.Command {
	return &cli.Command{
		Name: "readme", Usage: "write the measured tables of a README from the newest results", Description: example("longfirst bench readme --check"),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "check", Usage: "change nothing; fail where the tables are not those of the results"},
			&cli.StringFlag{Name: "results", Value: "bench/results", Usage: "`DIR` of results folders; a path below the README's folder"},
			&cli.StringFlag{Name: "file", Value: "README.md", Usage: "the README `FILE`"},
		},
		Action: func(c *cli.Context) error {
			folder, r, err := bench.Newest(c.String("results"))
			if err != nil {
				return err
			}
			file := c.String("file")
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			link, err := filepath.Rel(filepath.Dir(file), folder)
			if err != nil {
				return err
			}
			link = path.Clean(filepath.ToSlash(link))
			if c.Bool("check") {
				if err := readme.Check(string(text), link, r); err != nil {
					return fmt.Errorf("%s: %w", file, err)
				}
				return nil
			}
			replaced, err := readme.Replace(string(text), link, r)
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			return os.WriteFile(file, []byte(replaced), 0o666)
		},
	}
}
