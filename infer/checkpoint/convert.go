package checkpoint

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"longfirst/infer/esm2"
	"longfirst/infer/safetensors"
	"longfirst/mmapfasta/mapped"
)

// Names of pickled weights in a Hugging Face model folder.
const (
	SingleFile = "pytorch_model.bin"
	IndexFile  = "pytorch_model.bin.index.json"
)

// Convert writes the model that source holds to the new folder out, in the form this program and transformers read:
// config.json, vocab.txt and safetensors with the same elements. source is a Hugging Face model folder with pickled
// weights, whole or in shards, or a checkpoint of fair-esm (esm2_t*.pt). out appears when it is complete. Errors:
// ErrFormat, safetensors.ErrFormat (of an index of shards), ErrContent, fs.ErrExist, and what reading and writing give.
func Convert(ctx context.Context, source, out string) (err error) {
	if _, err := os.Lstat(out); err == nil {
		return fmt.Errorf("%s: %w; name a new folder", out, fs.ErrExist)
	}
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o777); err != nil {
		return err
	}
	work := filepath.Join(filepath.Dir(out), fmt.Sprintf(".%s-%d", filepath.Base(out), os.Getpid()))
	if err := os.Mkdir(work, 0o777); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if info.IsDir() {
		err = convertFolder(ctx, source, work)
	} else {
		err = convertFairESM(ctx, source, work)
	}
	if err != nil {
		return err
	}
	return os.Rename(work, out)
}

// besides are the files of a model folder that are taken over as they are, where they exist.
var besides = []string{esm2.ConfigFile, esm2.VocabularyFile, "tokenizer_config.json", "special_tokens_map.json", "README.md", "LICENSE"}

func convertFolder(ctx context.Context, source, work string) error {
	for _, name := range besides {
		content, err := os.ReadFile(filepath.Join(source, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(work, name), content, 0o666); err != nil {
			return err
		}
	}
	single := filepath.Join(source, SingleFile)
	if _, err := os.Stat(single); err == nil {
		_, err := rewrite(ctx, single, filepath.Join(work, safetensors.SingleFile))
		return err
	}
	index, err := safetensors.ReadShardIndex(filepath.Join(source, IndexFile))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w: there is neither %s nor %s in it", source, ErrContent, SingleFile, IndexFile)
	} else if err != nil {
		return err
	}
	shards := index.Files()
	placed := map[string]string{}
	for i, shard := range shards {
		name := fmt.Sprintf("model-%05d-of-%05d.safetensors", i+1, len(shards))
		tensors, err := rewrite(ctx, filepath.Join(source, shard), filepath.Join(work, name))
		if err != nil {
			return err
		}
		for _, tensor := range tensors {
			placed[tensor] = name
		}
	}
	text, err := json.MarshalIndent(map[string]any{"metadata": map[string]any{}, "weight_map": placed}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(work, safetensors.IndexFile), append(text, '\n'), 0o666)
}

// rewrite writes the tensors of one file of a Hugging Face model under their own names, and returns those.
func rewrite(ctx context.Context, from, to string) (names []string, err error) {
	f, err := Open(from)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	state, ok := f.Root.(*Dict)
	if !ok {
		return nil, fmt.Errorf("%s: %w: it holds a %T, not a dictionary of weights", from, ErrContent, f.Root)
	}
	pieces := map[string]piece{}
	for _, t := range Tensors(state) {
		names = append(names, t.Name)
		pieces[t.Name] = piece{f, state, t}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: %w: there is no tensor in it", from, ErrContent)
	}
	return names, write(ctx, to, pieces)
}

// piece is a tensor in a checkpoint.
type piece struct {
	file   *File
	dict   *Dict
	tensor safetensors.Tensor // as the checkpoint names it, without data
}

// write writes tensors, each under its key, to a safetensors file.
func write(ctx context.Context, to string, pieces map[string]piece) (err error) {
	var tensors []safetensors.Tensor
	for _, name := range slices.Sorted(maps.Keys(pieces)) {
		t := pieces[name].tensor
		t.Name = name
		tensors = append(tensors, t)
	}
	file, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	buffer := bufio.NewWriterSize(file, 1<<20)
	w, err := safetensors.NewWriter(buffer, tensors, map[string]string{"format": "pt"})
	if err != nil {
		return err
	}
	for _, t := range tensors {
		if err := ctx.Err(); err != nil {
			return err
		}
		from := pieces[t.Name]
		err := mapped.Guard(func() error {
			data, err := from.file.Data(from.dict, from.tensor.Name)
			if err != nil {
				return err
			}
			_, err = w.Write(data)
			return err
		}, from.file.file)
		if err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), buffer.Flush(), file.Sync())
}
