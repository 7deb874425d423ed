package hub

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"longfirst/infer/checkpoint"
	"longfirst/infer/esm2"
	"longfirst/infer/safetensors"
)

// Files of a model, beside its weights.
var described = []string{esm2.ConfigFile, esm2.VocabularyFile}

// weights are the forms in which a model's weights are published, the preferred one first. An index names shards.
var weights = []string{safetensors.SingleFile, safetensors.IndexFile, checkpoint.SingleFile, checkpoint.IndexFile}

// Pull makes sure that the model as it is on the hub now is in the cache, and returns its folder. What is there already
// is not fetched again; offline, what the cache holds is the answer. Errors: ErrOffline, ErrNotFound, ErrAccess,
// ErrTransfer, ErrDigest.
func (c *Client) Pull(ctx context.Context, ref Reference) (string, error) {
	if c.Offline {
		if dir, ok := c.Cached(ref); ok {
			return dir, nil
		}
		return "", fmt.Errorf("%s: %w (%s)", ref, ErrOffline, c.Cache)
	}
	config, err := c.head(ctx, ref, ref.Revision, described[0])
	if err != nil {
		return "", fmt.Errorf("%s: %w", ref, err)
	}
	at := puller{c, ref, config.commit, filepath.Join(c.Cache, ref.folder(), "snapshots", config.commit)}
	for _, name := range described {
		if _, err := at.file(ctx, name); err != nil {
			return "", fmt.Errorf("%s: %w", ref, err)
		}
	}
	if err := at.weights(ctx); err != nil {
		return "", fmt.Errorf("%s: %w", ref, err)
	}
	return at.snapshot, c.remember(ref, config.commit)
}

// puller fetches the files of one commit.
type puller struct {
	*Client
	ref      Reference
	commit   string
	snapshot string
}

// file brings one file into the snapshot and returns its path.
func (p *puller) file(ctx context.Context, name string) (string, error) {
	r, err := p.head(ctx, p.ref, p.commit, name)
	if err != nil {
		return "", err
	}
	blob, err := p.blob(ctx, p.ref, r)
	if err != nil {
		return "", err
	}
	return filepath.Join(p.snapshot, name), link(blob, p.snapshot, name)
}

func (p *puller) weights(ctx context.Context) error {
	for _, name := range weights {
		path, err := p.file(ctx, name)
		if errors.Is(err, ErrNotFound) {
			continue
		} else if err != nil || !strings.HasSuffix(name, ".json") {
			return err
		}
		index, err := safetensors.ReadShardIndex(path)
		if err != nil {
			return err
		}
		for _, shard := range index.Files() {
			if _, err := p.file(ctx, shard); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("%w: it has none of %s", ErrNotFound, strings.Join(weights, ", "))
}

// remember notes which commit a branch or tag stands for.
func (c *Client) remember(ref Reference, commit string) error {
	if ref.Revision == commit {
		return nil
	}
	path := filepath.Join(c.Cache, ref.folder(), "refs", filepath.FromSlash(ref.Revision))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".ref-*")
	if err != nil {
		return err
	}
	_, err = temporary.WriteString(commit)
	if err := errors.Join(err, temporary.Close()); err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return os.Rename(temporary.Name(), path)
}

// Cached returns the model's folder in the cache without asking the hub, and whether all its files are there.
func (c *Client) Cached(ref Reference) (string, bool) {
	commit := ref.Revision
	if text, err := os.ReadFile(filepath.Join(c.Cache, ref.folder(), "refs", filepath.FromSlash(ref.Revision))); err == nil {
		commit = strings.TrimSpace(string(text))
	}
	if !commitPattern().MatchString(commit) {
		return "", false
	}
	dir := filepath.Join(c.Cache, ref.folder(), "snapshots", commit)
	there := func(name string) bool {
		info, err := os.Stat(filepath.Join(dir, name)) // of the blob: a link to none is no file
		return err == nil && info.Mode().IsRegular()
	}
	for _, name := range described {
		if !there(name) {
			return "", false
		}
	}
	for _, name := range weights {
		switch {
		case !there(name):
		case !strings.HasSuffix(name, ".json"):
			return dir, true
		default:
			index, err := safetensors.ReadShardIndex(filepath.Join(dir, name))
			if err == nil && !slices.ContainsFunc(index.Files(), func(s string) bool { return !there(s) }) {
				return dir, true
			}
		}
	}
	return "", false
}
