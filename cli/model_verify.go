package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"longfirst/infer/esm2"
)

// errNotPublished is returned where published values were asked for and did not come out.
var errNotPublished = errors.New("the published values did not come out")

func modelVerifyCommand() *cli.Command {
	return command(&cli.Command{
		Name: "verify", Usage: "prove that a model can be run here, and is computed as published where that is known", ArgsUsage: "DIR",
		Description: example("longfirst model verify models/esm2_t6_8M_UR50D") +
			"\n\nReads every weight, embeds a short sequence, and compares with the values that transformers publishes for\n" +
			"facebook/esm2_t6_8M_UR50D where the config is that model's.",
		Action: modelVerify,
	},
		&cli.BoolFlag{Name: "published", Usage: "fail unless the model is one whose values are published, and they come out"})
}

func modelVerify(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("name one model folder")
	}
	dir := c.Args().First()
	b, err := newBackend("cpu", usableThreads())
	if err != nil {
		return err
	}
	defer b.Close()
	model, err := esm2.Load(dir, b)
	if err != nil {
		return err
	}
	defer model.Close()
	v, err := model.Verify()
	if err != nil {
		return err
	}
	config := model.Config()
	fmt.Printf("model            %s\n", dir)
	fmt.Printf("config           %d layers of %d, %d heads of %d, feed-forward %d\n", config.Layers, config.HiddenSize, config.Heads, config.HeadDim(), config.IntermediateSize)
	fmt.Printf("weights          %s parameters, all finite\n", thousands(config.Parameters()))
	fmt.Printf("computed with    %s\n", b.Class())
	fmt.Printf("hidden states    of %s: all finite, largest %.4g\n", v.Sequence, v.Largest)
	for _, row := range v.Corner {
		fmt.Printf("                 %8.4f %8.4f %8.4f ...\n", row[0], row[1], row[2])
	}
	fmt.Printf("published        %s\n", publishedText(v))
	if c.Bool("published") && !v.Agrees() {
		return fmt.Errorf("%s: %w: %s", dir, errNotPublished, publishedText(v))
	}
	return nil
}

// publishedText says how the hidden states stand to published ones.
func publishedText(v esm2.Verification) string {
	switch {
	case v.Published == nil:
		return "none are known for a model of this config"
	case v.Agrees():
		return fmt.Sprintf("they are those of %s: largest difference %.1e, allowed %g (%s)", v.Published.Model, v.Difference, v.Published.Tolerance, v.Published.Source)
	default:
		return fmt.Sprintf("not those of %s, whose config this is: largest difference %.2g; these are other weights", v.Published.Model, v.Difference)
	}
}
