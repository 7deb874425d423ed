package infer

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"longfirst/infer/backend"
	"longfirst/infer/safetensors"
)

const headFile = "testdata/head/head.safetensors"

// TestClassifierAgainstTorch compares scores with those of torch.
func TestClassifierAgainstTorch(t *testing.T) {
	c, err := ReadClassifier(headFile, 32)
	if err != nil {
		t.Fatal(err)
	}
	set, err := safetensors.Open("testdata/head/expected.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	values := func(name string) []float32 {
		tensor, _ := set.Tensor(name)
		v := make([]float32, len(tensor.Data)/4)
		backend.F32.Widen(v, tensor.Data)
		return v
	}
	rows, want := values("rows"), values("scores")
	if c.Scores() != 3 || len(want) != 5*3 || len(c.Digest) != 64 {
		t.Fatal(c.Scores(), len(want), c.Digest)
	}
	got := make([]float32, 3)
	for i := range 5 {
		c.score(got, rows[i*32:(i+1)*32])
		for k, v := range got {
			if d := math.Abs(float64(v - want[i*3+k])); !(d < 1e-5) {
				t.Errorf("row %d, score %d: %g, want %g", i, k, v, want[i*3+k])
			}
		}
	}
}

// What does not fit names the tensor.
func TestClassifierThatDoesNotFit(t *testing.T) {
	content, err := os.ReadFile(headFile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadClassifier(headFile, 33); !errors.Is(err, ErrClassifier) || !strings.Contains(err.Error(), "0.weight has shape [8 32]") {
		t.Error(err)
	}
	replaced := func(old, with string) []byte { return bytes.Replace(content, []byte(old), []byte(with), 1) }
	spoilt := func(name string, bits uint32) []byte {
		set, err := safetensors.Open(headFile)
		if err != nil {
			t.Fatal(err)
		}
		defer set.Close()
		tensor, _ := set.Tensor(name)
		at := bytes.Index(content, tensor.Data)
		other := bytes.Clone(content)
		binary.LittleEndian.PutUint32(other[at:], bits)
		return other
	}
	for want, content := range map[string][]byte{
		"no tensor 1.running_mean [8]":                                   replaced(`"1.running_mean"`, `"1.running_meen"`),
		"tensor 3.weight has shape []":                                   replaced(`"3.weight"`, `"4.weight"`),
		"tensor 3.weight is F32 [4 6], wanted is F32, F16 or BF16 [4 8]": replaced(`"3.weight":{"dtype":"F32","shape":[3,8]`, `"3.weight":{"dtype":"F32","shape":[4,6]`),
		"element 0 of tensor 1.bias":                                     spoilt("1.bias", math.Float32bits(float32(math.NaN()))),
		"tensor 1.running_var is -1":                                     spoilt("1.running_var", math.Float32bits(-1)),
	} {
		path := filepath.Join(t.TempDir(), "head.safetensors")
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadClassifier(path, 32); !errors.Is(err, ErrClassifier) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}
