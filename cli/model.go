package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"longfirst/infer/backend"
	"longfirst/infer/esm2"
)

func modelCommand() *cli.Command {
	return &cli.Command{
		Name: "model", Category: categoryInspect, Usage: "look at a model folder, or make one to try things out",
		Subcommands: []*cli.Command{
			command(&cli.Command{
				Name: "info", Usage: "print what a model folder holds", ArgsUsage: "DIR",
				Description: example("longfirst model info models/esm2_t33_650M_UR50D"), Action: modelInfo,
			}),
			modelVerifyCommand(),
			modelProfileCommand(),
			command(&cli.Command{
				Name: "init", Usage: "write a model with random weights: its embeddings mean nothing biologically",
				Description: example("longfirst model init --config esm2_t6_8M --seed 1 --out random-8M"), Action: modelInit,
			},
				&cli.StringFlag{Name: "config", Value: "tiny", Usage: "`NAME`: " + strings.Join(esm2.Names(), ", ")},
				&cli.StringFlag{Name: "dtype", Value: "F32", Usage: "`TYPE` of the weights: F32 or BF16, which takes half of the space"},
				&cli.Uint64Flag{Name: "seed", Value: 1, Usage: "`N`: equal seeds give equal weights"},
				&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "folder `DIR` to write"}),
			modelPullCommand(), modelConvertCommand(),
		},
	}
}

func modelInfo(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("name one model folder")
	}
	dir := c.Args().First()
	config, err := esm2.ReadConfig(dir)
	if err != nil {
		return err
	}
	if err := loadable(dir); err != nil {
		return err
	}
	digest, err := esm2.Digest(c.Context, dir)
	if err != nil {
		return err
	}
	fmt.Printf("model            %s\n", dir)
	fmt.Printf("layers           %d\n", config.Layers)
	fmt.Printf("hidden size      %d\n", config.HiddenSize)
	fmt.Printf("attention heads  %d of %d\n", config.Heads, config.HeadDim())
	fmt.Printf("feed-forward     %d\n", config.IntermediateSize)
	fmt.Printf("parameters       %s\n", thousands(config.Parameters()))
	fmt.Printf("digest           %s\n", digest)
	return nil
}

// loadable tells whether the model can be run: vocabulary and weights are what the config says.
func loadable(dir string) error {
	b, err := newBackend("cpu", 1)
	if err != nil {
		return err
	}
	defer b.Close()
	model, err := esm2.Load(dir, b)
	if err != nil {
		return err
	}
	return model.Close()
}

func modelInit(c *cli.Context) error {
	log, err := logOf(c)
	if err != nil {
		return err
	}
	if err := required(c, "out"); err != nil {
		return err
	}
	config, ok := esm2.Named(c.String("config"))
	if !ok {
		return usagef("--config %q: it is one of %s", c.String("config"), strings.Join(esm2.Names(), ", "))
	}
	dir := c.String("out")
	if _, err := os.Stat(dir + "/" + esm2.ConfigFile); err == nil {
		return fmt.Errorf("%s: there is a model already; name another folder", dir)
	}
	dtype, ok := map[string]backend.DType{"F32": backend.F32, "BF16": backend.BF16}[c.String("dtype")]
	if !ok {
		return usagef("--dtype %q: it is F32 or BF16", c.String("dtype"))
	}
	if err := esm2.InitAs(dir, config, c.Uint64("seed"), dtype); err != nil {
		return err
	}
	log.Info("wrote a model with random weights: its embeddings mean nothing biologically", "model", dir,
		"parameters", config.Parameters(), "seed", c.Uint64("seed"))
	return nil
}
