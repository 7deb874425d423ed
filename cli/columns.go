package main

import (
	"fmt"
	"path/filepath"
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
		&cli.StringFlag{Name: "head", Usage: "also store scores: what the classifier in `FILE` (safetensors: Linear, BatchNorm, ReLU, Linear) makes of the mean of the last layer"},
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

// chooseColumns reads the flags for a model folder into options.
func chooseColumns(c *cli.Context, model string, o *output.ContentOptions) (err error) {
	if o.Columns, err = chosenColumns(c, model); err != nil || c.String("head") == "" {
		return err
	}
	if o.Head, err = filepath.Abs(c.String("head")); err != nil {
		return err
	}
	config, err := esm2.ReadConfig(model)
	if err != nil {
		return err
	}
	classifier, err := infer.ReadClassifier(o.Head, config.HiddenSize)
	if err != nil {
		return err
	}
	o.Columns = append(o.Columns, infer.ScoresColumn(config, classifier))
	return nil
}

// chosenColumns returns the columns that the model alone makes.
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
		switch {
		case c.FromHead():
			logits = true
			continue
		case c.Pool == output.PoolScores:
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
	if m.Options.Head != "" {
		words = append(words, "--head", m.Options.Head)
	}
	return words
}
