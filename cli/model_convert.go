package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"longfirst/infer/checkpoint"
)

func modelConvertCommand() *cli.Command {
	return command(&cli.Command{
		Name: "convert", Usage: "write a model whose weights are pickled as a model folder with safetensors; nothing in the pickle is executed", ArgsUsage: "FOLDER|FILE.pt",
		Description: example("longfirst model convert esm2_t33_650M_UR50D.pt --out models/esm2_t33_650M_UR50D") + "\n\n" +
			"Takes a Hugging Face folder with pytorch_model.bin, whole or in shards, or a checkpoint of fair-esm, with the contact\n" +
			"regression that lies beside it.",
		Action: modelConvert,
	},
		&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "new folder `DIR` to write"})
}

func modelConvert(c *cli.Context) error {
	log, err := logOf(c)
	if err != nil {
		return err
	}
	if c.NArg() != 1 {
		return usagef("name one model folder or checkpoint")
	}
	if err := required(c, "out"); err != nil {
		return err
	}
	source, out := c.Args().First(), c.String("out")
	if err := checkpoint.Convert(c.Context, source, out); err != nil {
		return err
	}
	if err := loadable(out); err != nil {
		return fmt.Errorf("converted, but not a model that can be run: %w", err)
	}
	log.Info("converted", "model", out, "from", source)
	return nil
}
