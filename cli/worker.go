package main

import (
	"log/slog"
	"os"
	"strconv"

	"github.com/urfave/cli/v2"

	"longfirst/infer/backend"
	"longfirst/infer/worker"
)

// workerCommand is what the supervisor starts; people have no use for it.
func workerCommand() *cli.Command {
	return &cli.Command{
		Name: "worker", Hidden: true, Usage: "compute leased blocks; speaks the worker protocol on stdin and stdout",
		Action: func(c *cli.Context) error {
			child := &worker.Child{
				In: os.Stdin, Out: os.Stdout, Program: programName(),
				Log: slog.New(slog.NewTextHandler(os.Stderr, nil)).With("pid", strconv.Itoa(os.Getpid())),
				NewBackend: func(device string, threads int) (backend.Backend, error) {
					return newBackend(device, threads)
				},
			}
			return child.Run(c.Context)
		},
	}
}
