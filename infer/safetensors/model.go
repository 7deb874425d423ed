package safetensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Names of the weights in a Hugging Face model folder.
const (
	SingleFile = "model.safetensors"
	IndexFile  = "model.safetensors.index.json"
)

// ModelFiles returns the paths of the weights of a model folder: model.safetensors, or else the shards that
// model.safetensors.index.json names, sorted. Errors: ErrMissing where there is neither, ErrFormat for a bad index.
func ModelFiles(dir string) ([]string, error) {
	single := filepath.Join(dir, SingleFile)
	if _, err := os.Stat(single); err == nil {
		return []string{single}, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	index, err := ReadShardIndex(filepath.Join(dir, IndexFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: neither %s nor %s is there%s", dir, ErrMissing, SingleFile, IndexFile, otherFormat(dir))
	} else if err != nil {
		return nil, err
	}
	var paths []string
	for _, file := range index.Files() {
		paths = append(paths, filepath.Join(dir, file))
	}
	return paths, nil
}

// OpenModel opens the weights of a model folder and checks that every shard holds the tensors the index says.
func OpenModel(dir string) (*Set, error) {
	paths, err := ModelFiles(dir)
	if err != nil {
		return nil, err
	}
	s, err := Open(paths...)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: a shard that %s names is not there; download it: %w", dir, ErrMissing, IndexFile, err)
	} else if err != nil {
		return nil, err
	}
	if filepath.Base(paths[0]) == SingleFile {
		return s, nil
	}
	if err := s.matchIndex(dir); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// ShardIndex tells in which file of its folder each tensor of a model is: the content of *.index.json.
type ShardIndex struct {
	WeightMap map[string]string `json:"weight_map"` // tensor name -> file name
}

// ReadShardIndex reads an index of shards. Errors: ErrFormat, and what reading a file gives.
func ReadShardIndex(path string) (*ShardIndex, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var index ShardIndex
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, fmt.Errorf("%s: %w: %v", path, ErrFormat, err)
	}
	if len(index.WeightMap) == 0 {
		return nil, fmt.Errorf("%s: %w: weight_map is missing or empty", path, ErrFormat)
	}
	for tensor, file := range index.WeightMap {
		// A path that leaves the folder has no honest use.
		if file != filepath.Base(file) || !filepath.IsLocal(file) {
			return nil, fmt.Errorf("%s: %w: tensor %q is in %q, which is no plain file name", path, ErrFormat, tensor, file)
		}
	}
	return &index, nil
}

// Files returns the names of the shards, sorted.
func (x *ShardIndex) Files() []string {
	files := slices.Sorted(maps.Values(x.WeightMap))
	return slices.Compact(files)
}

func (s *Set) matchIndex(dir string) error {
	s.path = filepath.Join(dir, IndexFile)
	index, err := ReadShardIndex(s.path)
	if err != nil {
		return err
	}
	for tensor, file := range index.WeightMap {
		owner, ok := s.owners[tensor]
		if !ok || filepath.Base(owner.Path()) != file {
			return fmt.Errorf("%s: %w: tensor %q is not in %s; the shards belong to another index, download the model again",
				s.path, ErrMissing, tensor, file)
		}
	}
	return nil
}

// otherFormat is the remedy for a folder whose weights are in a format this package does not read.
func otherFormat(dir string) string {
	for _, name := range []string{"pytorch_model.bin", "pytorch_model.bin.index.json"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return fmt.Sprintf("; there is %s: longfirst model convert %s --out FOLDER", name, dir)
		}
	}
	return "; give a Hugging Face model folder"
}
