package output

import (
	"bytes"

	"longfirst/infer/safetensors"
)

// safetensorsHeader returns what stands before the elements of a file with the one tensor "embeddings".
func safetensorsHeader(dtype DType, rows int64, dimension int) []byte {
	name := "F32"
	if dtype == Float16 {
		name = "F16"
	}
	var header bytes.Buffer
	tensor := safetensors.Tensor{Name: "embeddings", DType: name, Shape: []int{int(rows), dimension}}
	if _, err := safetensors.NewWriter(&header, []safetensors.Tensor{tensor}, nil); err != nil {
		panic(err) // rows · dimension · 4 beyond an int64
	}
	return header.Bytes()
}
