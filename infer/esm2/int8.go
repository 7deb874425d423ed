package esm2

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"longfirst/infer/backend"
	"longfirst/infer/safetensors"
	"longfirst/mmapfasta/mapped"
)

// Quantized weights are kept in a safetensors file of their own, beside the model or in the user's cache folder:
//
//	format          U8  [..]     int8Format, a line end, the model's digest
//	NAME.weight     I8  [N, K']  of the linear layers from exactLayers on; see backend.Int8Tensor
//	NAME.scales     F32 [N]
//	NAME.sums       I32 [N]
//	checksum        U8  [16]     XXH3-128 of the bytes of all tensors before, big-endian
const int8Format = "longfirst int8 1"

// exactLayers is how many layers, from the first on, keep their weights. What the first one gets wrong every other one
// works with, and its input, embeddings of single residues, is the least even.
const exactLayers = 1

// LoadInt8 is Load with the weights of the linear layers from a file that Int8Weights returned for the model.
func LoadInt8(dir, file, digest string, b backend.Int8) (*Model, error) {
	set, err := openInt8(file, digest)
	if err != nil {
		return nil, err
	}
	m, err := open(dir, b, set)
	if err != nil {
		return nil, errors.Join(err, set.Close())
	}
	return m, nil
}

// openInt8 opens a file of quantized weights of the model with that digest.
func openInt8(file, digest string) (*safetensors.Set, error) {
	set, err := safetensors.Open(file)
	if err != nil {
		return nil, err
	}
	err = mapped.Guard(func() error {
		if t, ok := set.Tensor("format"); !ok || string(t.Data) != int8Format+"\n"+digest {
			return fmt.Errorf("%s: %w: these are no int8 weights of the model with digest %s; remove the file", file, ErrWeights, digest)
		}
		return nil
	}, set.Files()...)
	if err != nil {
		return nil, errors.Join(err, set.Close())
	}
	return set, nil
}

// int8Names are the tensors of a linear layer.
func int8Names(layer string) (weight, scales, sums string) {
	return layer + ".weight", layer + ".scales", layer + ".sums"
}

// int8Matrix stacks the quantized linear layers of those names, each [n, k], by rows.
func (l *loader) int8Matrix(n, k int, layers ...string) backend.Matrix {
	var rows []backend.Int8Tensor
	for _, layer := range layers {
		rows = append(rows, take(l, func() (backend.Int8Tensor, error) { return int8Tensor(l.model.int8, layer, n, k) }))
	}
	return take(l, func() (backend.Matrix, error) { return l.model.backend.(backend.Int8).Int8Matrix(rows...) })
}

// int8Tensor returns a quantized linear layer.
func int8Tensor(set *safetensors.Set, layer string, n, k int) (backend.Int8Tensor, error) {
	var data [3][]byte
	weight, scales, sums := int8Names(layer)
	for i, want := range []safetensors.Tensor{
		{Name: weight, DType: "I8", Shape: []int{n, backend.Int8Depth(k)}},
		{Name: scales, DType: "F32", Shape: []int{n}},
		{Name: sums, DType: "I32", Shape: []int{n}},
	} {
		t, ok := set.Tensor(want.Name)
		if !ok || t.DType != want.DType || !slices.Equal(t.Shape, want.Shape) {
			return backend.Int8Tensor{}, fmt.Errorf("%s: %w: tensor %s is not %s %v; remove the file", set.Path(), ErrWeights, want.Name, want.DType, want.Shape)
		}
		data[i] = t.Data
	}
	t := backend.Int8Tensor{Name: layer, K: k, Values: data[0]}
	for i := range n {
		t.Scales = append(t.Scales, math.Float32frombits(binary.LittleEndian.Uint32(data[1][4*i:])))
		t.Sums = append(t.Sums, int32(binary.LittleEndian.Uint32(data[2][4*i:])))
	}
	return t, nil
}
