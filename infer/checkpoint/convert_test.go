package checkpoint

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"longfirst/infer/backend"
	"longfirst/infer/cpu"
	"longfirst/infer/esm2"
	"longfirst/infer/safetensors"
)

// hidden is what transformers and fair-esm computed with the models of testdata: [T, H] each.
var hidden struct {
	IDs                  []int
	HuggingFace, FairESM []float64
}

func TestMain(m *testing.M) {
	text, err := os.ReadFile("testdata/hidden.json")
	if err == nil {
		err = json.Unmarshal(text, &hidden)
	}
	if err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// pooledMean returns what the model in dir computes for the sequence of testdata, and what want, the hidden states of
// another program, has for it: the mean over the residues.
func pooledMean(t *testing.T, dir string, want []float64) (got, expected []float64) {
	t.Helper()
	b, err := cpu.New(1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	model, err := esm2.Load(dir, b)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	tokens := len(hidden.IDs)
	runner, err := model.NewRunner(tokens, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer runner.Close()
	batch := backend.Batch{CuSeqlens: []int32{0, int32(tokens)}}
	for _, id := range hidden.IDs {
		batch.Tokens = append(batch.Tokens, uint8(id))
	}
	width := len(want) / tokens
	pooled := make([]float32, width)
	if err := runner.Start(batch, pooled); err != nil {
		t.Fatal(err)
	}
	if err := runner.Finish(); err != nil {
		t.Fatal(err)
	}
	expected = make([]float64, width)
	for row := 1; row < tokens-1; row++ {
		for i := range expected {
			expected[i] += want[row*width+i] / float64(tokens-2)
		}
	}
	for _, v := range pooled {
		got = append(got, float64(v))
	}
	return got, expected
}

func TestConvertedModelsComputeTheSame(t *testing.T) {
	for source, want := range map[string][]float64{
		"huggingface": hidden.HuggingFace, "shards": hidden.HuggingFace, "fairesm.pt": hidden.FairESM,
	} {
		t.Run(source, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "new", "model")
			if err := Convert(t.Context(), filepath.Join("testdata", source), out); err != nil {
				t.Fatal(err)
			}
			got, expected := pooledMean(t, out, want)
			for i := range got {
				if math.Abs(got[i]-expected[i]) > 1e-5 {
					t.Errorf("element %d is %g, want %g", i, got[i], expected[i])
				}
			}
			if left, _ := os.ReadDir(filepath.Dir(out)); len(left) != 1 {
				t.Errorf("left behind beside the model: %v", left)
			}
			if err := Convert(t.Context(), filepath.Join("testdata", source), out); !errors.Is(err, fs.ErrExist) {
				t.Errorf("a second time: %v", err)
			}
		})
	}
}

// Nothing is lost on the way: heads and contact regression keep their elements.
func TestConvertKeepsAllTensors(t *testing.T) {
	open := func(source string) *safetensors.Set {
		t.Helper()
		out := filepath.Join(t.TempDir(), "model")
		if err := Convert(t.Context(), filepath.Join("testdata", source), out); err != nil {
			t.Fatal(err)
		}
		s, err := safetensors.OpenModel(out)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	whole, shards, fair := open("huggingface"), open("shards"), open("fairesm.pt")
	if len(whole.Names()) < 40 || len(shards.Files()) != 2 {
		t.Errorf("%d tensors, %d shards", len(whole.Names()), len(shards.Files()))
	}
	for _, name := range whole.Names() {
		a, _ := whole.Tensor(name)
		b, ok := shards.Tensor(name)
		if !ok || string(a.Data) != string(b.Data) || a.DType != b.DType {
			t.Errorf("%s is not the same in shards", name)
		}
		if strings.HasSuffix(name, "inv_freq") {
			continue // one a model in transformers, one a layer in fair-esm
		}
		if c, ok := fair.Tensor(name); !ok || len(c.Data) != len(a.Data) {
			t.Errorf("%s is not there from fair-esm", name)
		}
	}
}

func TestConvertRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"empty/x": "", "text.pt": "hello", "torn.pt": "PK\x03\x04", "bad/" + IndexFile: "{}",
		"out/" + IndexFile: `{"weight_map":{"a":"../b"}}`, "zero.pt": ""} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		source string
		is     error
		want   string
	}{
		{filepath.Join(dir, "empty"), ErrContent, SingleFile},
		{filepath.Join(dir, "text.pt"), ErrFormat, "neither a zip archive"},
		{filepath.Join(dir, "zero.pt"), ErrFormat, "neither a zip archive"},
		{filepath.Join(dir, "torn.pt"), ErrFormat, "torn.pt"},
		{filepath.Join(dir, "bad"), safetensors.ErrFormat, "weight_map"},
		{filepath.Join(dir, "out"), safetensors.ErrFormat, "plain file name"},
		{filepath.Join(dir, "none"), fs.ErrNotExist, "none"},
		{"testdata/hostile.pt", ErrContent, "fair-esm"},
		{"testdata/huggingface/" + SingleFile, ErrContent, "give the folder"},
	} {
		out := filepath.Join(dir, "model")
		err := Convert(t.Context(), test.source, out)
		if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %v with %q", test.source, err, test.is, test.want)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*model*")); len(left) > 0 {
			t.Errorf("%s left %v behind", test.source, left)
		}
	}
}
