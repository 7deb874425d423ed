package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"longfirst/infer"
	"longfirst/infer/esm2"
	"longfirst/infer/output"
)

// What is computed where nothing else is asked for.
const (
	defaultPool   = string(output.PoolMean)
	defaultLayers = "-1"
)

// columnFlags say what is computed of a record.
func columnFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "pool", Value: defaultPool, Usage: "`LIST` of what is stored of a sequence, a column each: " + poolsText()},
		&cli.BoolFlag{Name: "logits", Usage: "also store what the language-model head says: pseudo_perplexity, and log_probs, an array per residue"},
		&cli.StringFlag{Name: "layers", Value: defaultLayers, Usage: "`LIST` of the hidden states to pool such as 6,12,-1: 0 the token embeddings, -1 the last layer"},
	}
}

func poolsText() string {
	var names []string
	for _, p := range output.Pools {
		names = append(names, string(p))
	}
	return strings.Join(names, ", ")
}

// chosenColumns reads the flags for a model folder.
func chosenColumns(c *cli.Context, model string) (output.Columns, error) {
	config, err := esm2.ReadConfig(model)
	if err != nil {
		return nil, err
	}
	var pools []output.Pool
	for _, name := range strings.Split(c.String("pool"), ",") {
		pools = append(pools, output.Pool(strings.TrimSpace(name)))
	}
	var layers []int
	for _, text := range strings.Split(c.String("layers"), ",") {
		layer, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return nil, usagef("--layers %q: it is a list of numbers such as 6,12,-1", c.String("layers"))
		}
		layers = append(layers, layer)
	}
	columns, err := infer.ChooseColumns(config, pools, layers)
	if err != nil {
		return nil, usageError{fmt.Errorf("--pool %s --layers %s: %w; pools are %s", c.String("pool"), c.String("layers"), err, poolsText())}
	}
	if c.Bool("logits") {
		if err := esm2.CheckHead(model); err != nil {
			return nil, err
		}
		columns = append(columns, infer.HeadColumns(config)...)
	}
	return columns, nil
}

// columnWords returns the flags that a data set's columns were asked for with.
func columnWords(m output.Manifest) (words []string) {
	var pools, layers []string
	logits := false
	for _, c := range m.Options.Columns {
		if c.FromHead() {
			logits = true
			continue
		}
		layer := strconv.Itoa(c.Layer)
		if c.Layer == m.Model.Layers {
			layer = defaultLayers
		}
		if !slices.Contains(pools, string(c.Pool)) {
			pools = append(pools, string(c.Pool))
		}
		if !slices.Contains(layers, layer) {
			layers = append(layers, layer)
		}
	}
	if text := strings.Join(pools, ","); text != defaultPool {
		words = append(words, "--pool", text)
	}
	if text := strings.Join(layers, ","); text != defaultLayers {
		words = append(words, "--layers", text)
	}
	if logits {
		words = append(words, "--logits")
	}
	return words
}
