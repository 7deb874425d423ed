package safetensors

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenModel(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "one.safetensors", encode(t, sample[0], sample[2]))
	write(t, dir, "two.safetensors", encode(t, sample[1], sample[3]))
	write(t, dir, IndexFile, []byte(`{"metadata":{"total_size":1},"weight_map":{"b":"one.safetensors",`+
		`"scalar":"one.safetensors","empty":"two.safetensors"}}`))
	s, err := OpenModel(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if len(s.Files()) != 2 || len(s.Names()) != 4 {
		t.Errorf("%d files, %d tensors", len(s.Files()), len(s.Names()))
	}

	// A single file comes before an index, as in transformers.
	write(t, dir, SingleFile, encode(t, sample[0]))
	single, err := OpenModel(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer single.Close()
	if len(single.Names()) != 1 {
		t.Errorf("%d tensors of the single file", len(single.Names()))
	}
}

func TestOpenModelRefuses(t *testing.T) {
	const one = `{"weight_map":{"b":"one.safetensors"}}`
	b := encode(t, sample[0])
	for _, test := range []struct {
		what  string
		files map[string][]byte
		is    error
		want  string
	}{
		{"empty folder", nil, ErrMissing, "neither"},
		{"pickled weights", map[string][]byte{"pytorch_model.bin": nil}, ErrMissing, "model convert"},
		{"no shard", map[string][]byte{IndexFile: []byte(one)}, ErrMissing, "one.safetensors"},
		{"tensor not in its shard", map[string][]byte{
			IndexFile: []byte(`{"weight_map":{"b":"one.safetensors","c":"one.safetensors"}}`), "one.safetensors": b}, ErrMissing, `"c"`},
		{"tensor in another shard", map[string][]byte{
			IndexFile:         []byte(`{"weight_map":{"b":"two.safetensors","scalar":"one.safetensors"}}`),
			"one.safetensors": encode(t, sample[0], sample[2]), "two.safetensors": encode(t, sample[1])}, ErrMissing, `"b"`},
		{"tensor twice", map[string][]byte{
			IndexFile:         []byte(`{"weight_map":{"b":"one.safetensors","c":"two.safetensors"}}`),
			"one.safetensors": b, "two.safetensors": b}, ErrFormat, "as well"},
		{"no JSON", map[string][]byte{IndexFile: []byte("x")}, ErrFormat, IndexFile},
		{"no map", map[string][]byte{IndexFile: []byte("{}")}, ErrFormat, "weight_map"},
		{"path out of the folder", map[string][]byte{
			IndexFile: []byte(`{"weight_map":{"b":"../one.safetensors"}}`)}, ErrFormat, "plain file name"},
	} {
		dir := t.TempDir()
		for name, content := range test.files {
			write(t, dir, name, content)
		}
		_, err := OpenModel(dir)
		if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), filepath.Base(dir)) {
			t.Errorf("%s: got %v, want %v with %q and the folder", test.what, err, test.is, test.want)
		}
	}
}
