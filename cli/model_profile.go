package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"longfirst/bench/limits"
	"longfirst/infer/backend"
	"longfirst/infer/esm2"
)

// profileLengths are the residues of the sequences that a profile embeds: the middles of six equal parts of the lognormal
// lengths that proteins about have (mean 350).
var profileLengths = []int{732, 441, 315, 232, 166, 100}

func modelProfileCommand() *cli.Command {
	return command(&cli.Command{
		Name: "profile", Usage: "time a model's operations on one core, beside what the core can do", ArgsUsage: "DIR",
		Description: example("longfirst model profile models/esm2_t6_8M_UR50D"),
		Action:      modelProfile,
	},
		&cli.IntFlag{Name: "passes", Value: 5, Usage: "time each operation `N` times and keep the least"})
}

func modelProfile(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("name one model folder")
	}
	passes := c.Int("passes")
	if passes < 1 {
		return usagef("--passes %d: at least one is timed", passes)
	}
	b, err := newBackend("cpu", 1)
	if err != nil {
		return err
	}
	defer b.Close()
	model, err := esm2.Load(c.Args().First(), b)
	if err != nil {
		return err
	}
	defer model.Close()
	batch := profileBatch(model.Vocabulary())
	runner, err := model.NewRunner(len(batch.Tokens), batch.Sequences())
	if err != nil {
		return err
	}
	peak := limits.FMAPeak(10, usedTime)
	times, err := runner.Profile(batch, passes, usedTime)
	if err := errors.Join(err, runner.Close()); err != nil {
		return err
	}
	peak = max(peak, limits.FMAPeak(10, usedTime)) // cores change their clock
	printProfile(c.Args().First(), b.Class(), batch, peak, times)
	return nil
}

// profileBatch makes sequences of all residues in turn.
func profileBatch(v *esm2.Vocabulary) backend.Batch {
	b := backend.Batch{CuSeqlens: []int32{0}}
	for _, length := range profileLengths {
		b.Tokens = append(b.Tokens, v.BOS)
		for i := range length {
			id, ok := v.ID("LAGVSERTIDPKQNFYMHWC"[i%20:][:1])
			if !ok {
				id = v.Unk
			}
			b.Tokens = append(b.Tokens, id)
		}
		b.Tokens = append(b.Tokens, v.EOS)
		b.CuSeqlens = append(b.CuSeqlens, int32(len(b.Tokens)))
	}
	return b
}

func printProfile(dir, class string, b backend.Batch, peak float64, times []esm2.OperationTime) {
	whole := times[len(times)-1]
	fmt.Printf("%s: %d tokens of %d sequences on one core, %s; the core's multiply-add peak is %.1f GFLOP/s\n\n",
		dir, len(b.Tokens), b.Sequences(), class, peak)
	fmt.Printf("%-28s %10s %10s %10s %10s\n", "operation", "seconds", "of pass", "GFLOP/s", "of peak")
	var sum esm2.OperationTime
	for _, t := range times[:len(times)-1] {
		printOperation(t, whole, peak)
		sum.FLOPs += t.FLOPs
		sum.Took += t.Took
	}
	sum.Operation = "all of these"
	printOperation(sum, whole, peak)
	printOperation(whole, whole, peak)
}

func printOperation(t, whole esm2.OperationTime, peak float64) {
	fmt.Printf("%-28s %10.4f %8.1f %%", t.Operation, t.Took.Seconds(), 100*t.Took.Seconds()/whole.Took.Seconds())
	if t.FLOPs > 0 {
		rate := float64(t.FLOPs) / 1e9 / t.Took.Seconds()
		fmt.Printf(" %10.1f %8.1f %%", rate, 100*rate/peak)
	}
	fmt.Println()
}
