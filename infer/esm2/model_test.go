package esm2_test

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"longfirst/infer/backend"
	"longfirst/infer/cpu"
	"longfirst/infer/esm2"
	"longfirst/infer/safetensors"
)

// edited returns a copy of a golden model whose tensors went through edit.
func edited(t *testing.T, name string, edit func(map[string]safetensors.Tensor)) string {
	t.Helper()
	dir := copyFolder(t, filepath.Join("testdata/goldens", name))
	path := filepath.Join(dir, safetensors.SingleFile)
	set, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	tensors := map[string]safetensors.Tensor{}
	for _, name := range set.Names() {
		tensor, _ := set.Tensor(name)
		tensor.Data = slices.Clone(tensor.Data)
		tensors[name] = tensor
	}
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	edit(tensors)
	var list []safetensors.Tensor
	for name, tensor := range tensors {
		tensor.Name = name
		list = append(list, tensor)
	}
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(safetensors.Write(file, list, nil), file.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func put(tensor safetensors.Tensor, element int, value float64) {
	switch tensor.DType {
	case "F32":
		binary.LittleEndian.PutUint32(tensor.Data[4*element:], math.Float32bits(float32(value)))
	case "BF16":
		binary.LittleEndian.PutUint16(tensor.Data[2*element:], uint16(math.Float32bits(float32(value))>>16))
	}
}

func tryLoad(t *testing.T, dir string) error {
	t.Helper()
	b, err := cpu.New(1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	m, err := esm2.Load(dir, b)
	if err == nil {
		m.Close()
	}
	return err
}

func TestLoadRefuses(t *testing.T) {
	const (
		query    = "encoder.layer.1.attention.self.query.weight"
		bias     = "encoder.layer.0.output.dense.bias"
		inverse  = "encoder.layer.2.attention.self.rotary_embeddings.inv_freq"
		f32Model = "head16-half-frequencies"
	)
	for _, test := range []struct {
		what, model string
		edit        func(map[string]safetensors.Tensor)
		want        string
	}{
		{"missing matrix", f32Model, func(m map[string]safetensors.Tensor) { delete(m, query) }, query},
		{"missing norm", "head16-bf16", func(m map[string]safetensors.Tensor) { delete(m, "encoder.layer.1.LayerNorm.gamma") },
			"encoder.layer.1.LayerNorm.weight or encoder.layer.1.LayerNorm.gamma"},
		{"missing in esm.", "head24-maskedlm", func(m map[string]safetensors.Tensor) { delete(m, "esm."+query) }, "esm." + query},
		{"other model", f32Model, func(m map[string]safetensors.Tensor) { delete(m, "embeddings.word_embeddings.weight") }, "not the weights of an ESM-2"},
		{"other shape", f32Model, func(m map[string]safetensors.Tensor) {
			tensor := m[query]
			tensor.Shape = []int{tensor.Shape[0] / 2, tensor.Shape[1] * 2}
			m[query] = tensor
		}, query},
		{"other type", f32Model, func(m map[string]safetensors.Tensor) {
			tensor := m[bias]
			tensor.DType, tensor.Data = "F64", make([]byte, 2*len(tensor.Data))
			m[bias] = tensor
		}, "F64"},
		{"NaN in a bias", f32Model, func(m map[string]safetensors.Tensor) { put(m[bias], 7, math.NaN()) }, "element 7 of tensor " + bias},
		{"Inf in a 16-bit gain", "head16-bf16", func(m map[string]safetensors.Tensor) {
			put(m["encoder.layer.1.LayerNorm.gamma"], 3, math.Inf(-1))
		}, "element 3 of tensor encoder.layer.1.LayerNorm.gamma"},
		{"frequencies of another theta", "head16-bf16", func(m map[string]safetensors.Tensor) {
			put(m["encoder.layer.*.attention.self.rotary_embeddings.inv_freq"], 1, 0.5)
		}, "config.json"},
		{"frequencies that differ", f32Model, func(m map[string]safetensors.Tensor) { put(m[inverse], 1, 0.3163) }, inverse},
	} {
		err := tryLoad(t, edited(t, test.model, test.edit))
		if !errors.Is(err, esm2.ErrWeights) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "model.safetensors") {
			t.Errorf("%s: got %v, want %q and the file's name", test.what, err, test.want)
		}
	}
}

func TestLoadRefusesFolder(t *testing.T) {
	dir := copyFolder(t, batchModel)
	replace := func(name, old, by string) {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, by, 1)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	replace("vocab.txt", "<null_1>", "<null_1>\n<null_2>")
	if err := tryLoad(t, dir); !errors.Is(err, esm2.ErrVocabulary) {
		t.Errorf("34 tokens for 33 embeddings: got %v", err)
	}
	replace("vocab.txt", "<null_2>\n", "")
	if err := tryLoad(t, dir); err != nil {
		t.Errorf("restored: got %v", err)
	}
	if err := os.Remove(filepath.Join(dir, safetensors.SingleFile)); err != nil {
		t.Fatal(err)
	}
	if err := tryLoad(t, dir); !errors.Is(err, safetensors.ErrMissing) {
		t.Errorf("no weights: got %v", err)
	}
	if err := tryLoad(t, filepath.Join(dir, "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: got %v", err)
	}
}

// TestNaNInMatrix checks that such a model loads, that only sequences that meet the weight suffer, and that CheckFinite
// names the tensor.
func TestNaNInMatrix(t *testing.T) {
	const table = "embeddings.word_embeddings.weight"
	const alanine = 5
	dir := edited(t, "head16-half-frequencies", func(m map[string]safetensors.Tensor) {
		put(m[table], alanine*m[table].Shape[1]+2, math.NaN())
	})
	m := load(t, dir)
	pooled, _ := embed(t, m, pack([]uint8{0, 4, 6, 2}, []uint8{0, alanine, 6, 2}))
	width := m.Config().HiddenSize
	isNaN := func(v float32) bool { return v != v }
	if slices.ContainsFunc(pooled[:width], isNaN) || !slices.ContainsFunc(pooled[width:], isNaN) {
		t.Errorf("got %g", pooled)
	}
	if err := m.CheckFinite(); !errors.Is(err, esm2.ErrWeights) || !strings.Contains(err.Error(), table) {
		t.Errorf("got %v", err)
	}
	if _, err := m.Verify(); !errors.Is(err, esm2.ErrWeights) || !strings.Contains(err.Error(), table) {
		t.Errorf("verified: got %v", err)
	}
	if err := load(t, batchModel).CheckFinite(); err != nil {
		t.Errorf("finite weights: got %v", err)
	}
}

// TestVerifyNamesWhatOverflows: weights that are all finite, and hidden states that are not.
func TestVerifyNamesWhatOverflows(t *testing.T) {
	const name = "encoder.emb_layer_norm_after.weight"
	m := load(t, edited(t, "head16-half-frequencies", func(m map[string]safetensors.Tensor) {
		for i := range m[name].Shape[0] {
			put(m[name], i, math.MaxFloat32)
		}
	}))
	if _, err := m.Verify(); !errors.Is(err, esm2.ErrNotFinite) || !strings.Contains(err.Error(), "token") {
		t.Errorf("got %v", err)
	}
}

// TestUnalignedWeights moves the data of all tensors to odd addresses.
func TestUnalignedWeights(t *testing.T) {
	want, _ := embed(t, load(t, batchModel), pack([]uint8{0, 4, 6, 2}))
	dir := edited(t, "head16-half-frequencies", func(m map[string]safetensors.Tensor) {
		m["a"] = safetensors.Tensor{DType: "U8", Shape: []int{1}, Data: []byte{1}}
	})
	got, _ := embed(t, load(t, dir), pack([]uint8{0, 4, 6, 2}))
	if !slices.Equal(got, want) {
		t.Errorf("got %g, want %g", got, want)
	}
}

// refusing is a backend that cannot hold a matrix.
type refusing struct{ backend.Backend }

var errFull = errors.New("device is full")

func (refusing) Matrix(...backend.Tensor) (backend.Matrix, error) { return nil, errFull }

func TestLoadReportsBackend(t *testing.T) {
	b, err := cpu.New(1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := esm2.Load(batchModel, refusing{b}); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}
