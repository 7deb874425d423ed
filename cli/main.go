// Command longfirst turns FASTA files into protein language model embeddings.
//
// This package is the only one that wires the others together, prints for people, and exits.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(run(os.Args)) }

// run is the program but for its exit.
func run(args []string) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // nohup, or a job in the background of a shell without job control
			signal.Notify(signals, s)
		}
	}
	go func() {
		first := interrupted{<-signals}
		cancel(first)
		<-signals // a second one ends the program without waiting for anything
		os.Exit(report(first))
	}()
	app := newApp()
	err := app.RunContext(ctx, interleave(app, args))
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = context.Cause(ctx) // which signal it was decides the exit code
	}
	return report(err)
}
