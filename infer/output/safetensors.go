package output

import (
	"bytes"

	"longfirst/infer/safetensors"
)

// safetensorsHeader returns what stands before the elements of a file with one tensor of that name.
func safetensorsHeader(name string) arrayHeader {
	return func(dtype DType, rows int64, dimension int) []byte {
		element := "F32"
		if dtype == Float16 {
			element = "F16"
		}
		var header bytes.Buffer
		tensor := safetensors.Tensor{Name: name, DType: element, Shape: []int{int(rows), dimension}}
		if _, err := safetensors.NewWriter(&header, []safetensors.Tensor{tensor}, nil); err != nil {
			panic(err) // rows · dimension · 4 beyond an int64
		}
		return header.Bytes()
	}
}
