package infer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"longfirst/infer/backend"
	"longfirst/infer/safetensors"
)

// Classifier is a small perceptron on the mean of the last layer: Linear, BatchNorm, ReLU, Linear, as torch's
// Sequential(Linear, BatchNorm1d, ReLU, Linear) computes in eval mode. D is the width of the rows, M the hidden one, K the number of scores.
type Classifier struct {
	Digest string // SHA-256 of the file, lower hex

	path         string
	in, hid, out int       // D, M, K
	first, bias1 []float32 // [M, D], [M]
	gain, shift  []float32 // [M] of the norm
	mean, std    []float64 // [M] of the norm; std is the root of the running variance and normEpsilon
	last, bias2  []float32 // [K, M], [K]
}

// normEpsilon is torch's default, which a state dict does not hold.
const normEpsilon = 1e-5

// ReadClassifier reads a safetensors file with the names of the state dict: 0.weight [M, D], 0.bias [M], 1.weight, 1.bias,
// 1.running_mean, 1.running_var [M], 3.weight [K, M], 3.bias [K], of F32, F16 or BF16. Other tensors are passed over. The error
// is ErrClassifier, and names the tensor, for a file that holds something else or does not take rows of that width.
func ReadClassifier(path string, width int) (*Classifier, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(content)
	set, err := safetensors.Open(path)
	if err != nil {
		return nil, err
	}
	c := &Classifier{Digest: hex.EncodeToString(digest[:]), path: path}
	return c, errors.Join(c.read(set, width), set.Close())
}

func (c *Classifier) read(set *safetensors.Set, width int) error {
	for name, dims := range map[string][2]*int{"0.weight": {&c.hid, &c.in}, "3.weight": {&c.out, nil}} {
		t, ok := set.Tensor(name)
		if !ok || len(t.Shape) != 2 || slices.Min(t.Shape) < 1 {
			return fmt.Errorf("%s: %w: tensor %s has shape %v, a matrix is wanted; the names are those of torch's Sequential(Linear, BatchNorm1d, ReLU, Linear)",
				c.path, ErrClassifier, name, t.Shape)
		}
		*dims[0] = t.Shape[0]
		if dims[1] != nil {
			*dims[1] = t.Shape[1]
		}
	}
	if c.in != width {
		return fmt.Errorf("%s: %w: tensor 0.weight has shape [%d %d], the model's rows are %d wide", c.path, ErrClassifier, c.hid, c.in, width)
	}
	var mean, variance []float32
	for _, t := range []struct {
		name  string
		to    *[]float32
		shape []int
	}{
		{"0.weight", &c.first, []int{c.hid, c.in}}, {"0.bias", &c.bias1, []int{c.hid}},
		{"1.weight", &c.gain, []int{c.hid}}, {"1.bias", &c.shift, []int{c.hid}},
		{"1.running_mean", &mean, []int{c.hid}}, {"1.running_var", &variance, []int{c.hid}},
		{"3.weight", &c.last, []int{c.out, c.hid}}, {"3.bias", &c.bias2, []int{c.out}},
	} {
		var err error
		if *t.to, err = c.tensor(set, t.name, t.shape); err != nil {
			return err
		}
	}
	for i := range c.hid {
		c.mean = append(c.mean, float64(mean[i]))
		c.std = append(c.std, math.Sqrt(float64(variance[i])+normEpsilon))
	}
	return nil
}

// tensor returns the numbers of a tensor, which must have that shape and be finite.
func (c *Classifier) tensor(set *safetensors.Set, name string, shape []int) ([]float32, error) {
	t, ok := set.Tensor(name)
	if !ok {
		return nil, fmt.Errorf("%s: %w: there is no tensor %s %v", c.path, ErrClassifier, name, shape)
	}
	dtype, known := map[string]backend.DType{"F32": backend.F32, "F16": backend.F16, "BF16": backend.BF16}[t.DType]
	if !known || !slices.Equal(t.Shape, shape) {
		return nil, fmt.Errorf("%s: %w: tensor %s is %s %v, wanted is F32, F16 or BF16 %v", c.path, ErrClassifier, name, t.DType, t.Shape, shape)
	}
	n := len(t.Data) / dtype.Size()
	values := make([]float32, n)
	dtype.Widen(values, t.Data)
	for i, v := range values {
		if v-v != 0 || name == "1.running_var" && v < 0 {
			return nil, fmt.Errorf("%s: %w: element %d of tensor %s is %v", c.path, ErrClassifier, i, name, v)
		}
	}
	return values, nil
}

// Scores returns K, the width of what the classifier makes of a row.
func (c *Classifier) Scores() int { return c.out }

// score writes the scores [K] of a row [D], in float64 and one fixed order. The product of two float32 is exact in float64;
// others are wrapped in conversions, which keep a compiler from fusing them with a sum.
func (c *Classifier) score(dst, row []float32) {
	hidden := make([]float64, c.hid)
	for m := range hidden {
		sum := float64(c.bias1[m])
		for d, w := range c.first[m*c.in : (m+1)*c.in] {
			sum += float64(w) * float64(row[d])
		}
		normed := float64((sum - c.mean[m]) / c.std[m] * float64(c.gain[m]))
		hidden[m] = max(0, normed+float64(c.shift[m]))
	}
	for k := range dst {
		sum := float64(c.bias2[k])
		for m, w := range c.last[k*c.hid : (k+1)*c.hid] {
			sum += float64(float64(w) * hidden[m])
		}
		dst[k] = float32(sum)
	}
}
