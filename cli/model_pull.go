package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"longfirst/infer/hub"
	"longfirst/infer/safetensors"
)

func modelPullCommand() *cli.Command {
	return command(&cli.Command{
		Name: "pull", Usage: "fetch a model from the Hugging Face hub into the cache that Python's huggingface_hub keeps", ArgsUsage: "OWNER/NAME[@REVISION]...",
		Description: example("longfirst model pull facebook/esm2_t33_650M_UR50D") + "\n\n" +
			"Prints the model's folder. What is in the cache is not fetched again; a transfer that broke off is continued.\n" +
			"Honours HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_ENDPOINT, HF_HUB_OFFLINE, HTTPS_PROXY and NO_PROXY.",
		Action: modelPull,
	})
}

func modelPull(c *cli.Context) error {
	if c.NArg() == 0 {
		return usagef("name a model, such as facebook/esm2_t33_650M_UR50D")
	}
	for _, name := range c.Args().Slice() {
		ref, err := hub.ParseReference(name)
		if err != nil {
			return usagef("%v", err)
		}
		dir, err := pull(c, ref)
		if err != nil {
			return err
		}
		fmt.Println(dir)
	}
	return nil
}

// modelFolder returns the absolute path of the model that a command line names: a folder, or else a model of the hub,
// fetched unless the cache holds it. A run that is resumed therefore computes with the model it began with, whatever
// became of it on the hub; `model pull` asks for the newest.
func modelFolder(c *cli.Context, name string) (string, error) {
	if _, err := os.Stat(name); err == nil {
		return filepath.Abs(name)
	}
	ref, err := hub.ParseReference(name)
	if err != nil { // a path: reading it says what is wrong
		return filepath.Abs(name)
	}
	client, err := newHub(c)
	if err != nil {
		return "", err
	}
	if dir, ok := client.Cached(ref); ok {
		return filepath.Abs(dir)
	}
	dir, err := pull(c, ref)
	if err != nil {
		return "", fmt.Errorf("no folder %s is here, and as a model of the hub: %w", name, err)
	}
	return filepath.Abs(dir)
}

// pull fetches a model and says what is still to be done with it.
func pull(c *cli.Context, ref hub.Reference) (string, error) {
	client, err := newHub(c)
	if err != nil {
		return "", err
	}
	dir, err := client.Pull(c.Context, ref)
	stderr.clear()
	if err != nil {
		return "", err
	}
	if _, err := safetensors.ModelFiles(dir); errors.Is(err, safetensors.ErrMissing) {
		client.Log.Warn("its weights are pickled and must be converted before they can be used: longfirst model convert " + dir + " --out FOLDER")
	}
	return dir, nil
}

func newHub(c *cli.Context) (*hub.Client, error) {
	log, err := logOf(c)
	if err != nil {
		return nil, err
	}
	client, err := hub.FromEnvironment()
	if err != nil {
		return nil, err
	}
	client.Log = log
	client.Progress = transferProgress(c, log)
	return client, nil
}

// transferProgress shows how much of a file is there: redrawn on a terminal, a line now and then elsewhere.
func transferProgress(c *cli.Context, log *slog.Logger) func(file string, done, total int64) {
	redraw := isTerminal(os.Stderr) && !c.Bool("quiet") && c.String("log-format") == "text"
	interval := linesInterval
	if redraw {
		interval = redrawInterval
	}
	last := time.Now()
	return func(file string, done, total int64) {
		if time.Since(last) < interval {
			return
		}
		last = time.Now()
		line := fmt.Sprintf("%3.0f %%  %s of %s  %s", 100*float64(done)/float64(total), bytesText(done), bytesText(total), file)
		if redraw {
			stderr.draw(line)
		} else {
			log.Info(line)
		}
	}
}
