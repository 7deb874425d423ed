package main

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"longfirst/infer/backend"
	"longfirst/infer/worker"
)

// workerCommand is what the supervisor starts; people have no use for it.
func workerCommand() *cli.Command {
	return &cli.Command{
		Name: "worker", Hidden: true, Usage: "compute leased blocks; speaks the worker protocol on stdin and stdout",
		Flags: logFlags(),
		Action: func(c *cli.Context) error {
			log, err := workerLog(c.String("log-format"))
			if err != nil {
				return err
			}
			child := &worker.Child{
				In: os.Stdin, Out: os.Stdout, Program: programName(),
				Log: log.With("pid", os.Getpid()),
				NewBackend: func(device string, threads int) (backend.Backend, error) {
					return newBackend(device, threads)
				},
			}
			return child.Run(c.Context)
		},
	}
}

// workerLog returns the log of a worker process, whose lines carry their time: they are kept.
func workerLog(format string) (*slog.Logger, error) {
	switch format {
	case "json":
		return slog.New(slog.NewJSONHandler(os.Stderr, nil)), nil
	case "text":
		return slog.New(slog.NewTextHandler(os.Stderr, nil)), nil
	}
	return nil, usagef("--log-format %q: it is text or json", format)
}

// logHeading returns the line that stands between what worker processes add to a log one after the other.
func logHeading(format string) func() string {
	return func() string {
		now := time.Now().UTC().Format(time.RFC3339)
		if format == "json" {
			return fmt.Sprintf(`{"time":%q,"level":"INFO","msg":"worker process starts"}`, now)
		}
		return "---- " + now
	}
}
