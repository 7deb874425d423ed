package kernels

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"path"
	"strings"
)

//go:embed compiled
var compiled embed.FS

// Image is a compiled source: a cubin, or PTX with the zero byte at its end that the driver wants.
type Image struct {
	Name string // of the source, without .cu
	Data []byte
}

// Images returns all kernels but those of Hopper, compiled for a device of that compute capability. Cubins serve 8.x and
// 9.0; the driver compiles PTX for what came later. Errors: ErrCapability.
func Images(major, minor int) ([]Image, error) {
	switch {
	case major == 8:
		return images("sm_80")
	case major == 9 && minor == 0:
		return images("sm_90")
	case major >= 9:
		return images("ptx")
	}
	return nil, fmt.Errorf("compute capability %d.%d: %w", major, minor, ErrCapability)
}

// images returns what was compiled to that kind.
func images(kind string) ([]Image, error) {
	files, err := compiled.ReadDir("compiled")
	if err != nil {
		return nil, err
	}
	var all []Image
	for _, file := range files {
		name, ok := strings.CutSuffix(file.Name(), "."+kind+".gz")
		if !ok {
			continue
		}
		data, err := decompress(path.Join("compiled", file.Name()))
		if err != nil {
			return nil, err
		}
		if kind == "ptx" {
			data = append(data, 0)
		}
		all = append(all, Image{name, data})
	}
	return all, nil
}

func decompress(name string) ([]byte, error) {
	packed, err := compiled.ReadFile(name)
	if err != nil {
		return nil, err
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	data, err := io.ReadAll(reader)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return data, nil
}
