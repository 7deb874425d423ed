package main

import (
	"bufio"
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"
)

func indexShowCommand() *cli.Command {
	return command(&cli.Command{
		Name: "show", Usage: "print what an index holds", ArgsUsage: "FASTA...|INDEX",
		Description: example("longfirst index show proteins.fa"), Action: showIndex,
	}, indexFlag)
}

func showIndex(c *cli.Context) error {
	x, err := openIndex(c)
	if err != nil {
		return err
	}
	defer x.Close()
	info, err := os.Stat(x.Path())
	if err != nil {
		return err
	}
	w := bufio.NewWriter(os.Stdout)
	fmt.Fprintf(w, "index        %s\n", x.Path())
	fmt.Fprintf(w, "created      %s\n", x.Created().Format(time.RFC3339))
	fmt.Fprintf(w, "digest       %s\n", x.Digest())
	fmt.Fprintf(w, "sequences    %s\n", thousands(x.Len()))
	fmt.Fprintf(w, "tokens       %s\n", thousands(x.Tokens()))
	fmt.Fprintf(w, "longest      %s\n", thousands(x.Longest()))
	fmt.Fprintf(w, "duplicates   %s\n", thousands(x.Duplicates()))
	fmt.Fprintf(w, "pages        %s\n", thousands(x.Pages()))
	fmt.Fprintf(w, "size         %s", bytesText(info.Size()))
	if x.Len() > 0 {
		fmt.Fprintf(w, ", %.1f bytes a sequence", float64(info.Size())/float64(x.Len()))
	}
	fmt.Fprintf(w, "\n\nfiles\n")
	for _, f := range x.Files() {
		fmt.Fprintf(w, "  %12s sequences %14s tokens  %s\n", thousands(f.Records), thousands(f.Residues), f.Path)
	}
	return w.Flush()
}
