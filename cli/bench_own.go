package main

import (
	"encoding/json"
	"os"
	"runtime"

	"github.com/urfave/cli/v2"

	"longfirst/bench/peers"
)

// benchOwnCommand does what a peer does and prints how long it took. The harness runs it in turn with the peer; people
// have no use for it.
func benchOwnCommand() *cli.Command {
	return &cli.Command{
		Name: "own", Hidden: true, Usage: "do the job of a peer: index, reuse, read or embed", ArgsUsage: "JOB FASTA",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "threads", Value: 1}, &cli.StringFlag{Name: "model"}, &cli.StringFlag{Name: "rows"}, &cli.IntFlag{Name: "cut"},
			&cli.StringFlag{Name: "copy"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() != 2 {
				return usagef("bench own takes a job and a FASTA file")
			}
			runtime.GOMAXPROCS(c.Int("threads"))
			outcome, err := peers.Do(c.Context, peers.Task{
				Job: peers.Job(c.Args().Get(0)), FASTA: c.Args().Get(1), Threads: c.Int("threads"), Model: c.String("model"), Rows: c.String("rows"), Cut: c.Int("cut"),
			}, c.String("copy"))
			if err != nil {
				return err
			}
			return json.NewEncoder(os.Stdout).Encode(outcome)
		},
	}
}
