//go:build cuda

package cuda

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"path"
	"strings"
)

//go:embed kernels/compiled/*.gz
var compiled embed.FS

// images returns the kernels' modules for a compute capability, by the names of their sources: machine code where there
// is some for it, else PTX, which the driver compiles.
func images(major, minor int) (map[string]string, error) {
	kind := "ptx"
	switch {
	case major == 8:
		kind = "sm_80" // runs on 8.6 and 8.9 as well
	case major == 9:
		kind = "sm_90"
	case major < 8:
		return nil, fmt.Errorf("%w: there are no kernels for compute capability %d.%d", ErrUnusable, major, minor)
	}
	found := make(map[string]string)
	const folder = "kernels/compiled"
	files, err := compiled.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		source, ok := strings.CutSuffix(file.Name(), "."+kind+".gz")
		if !ok {
			continue
		}
		packed, err := compiled.ReadFile(path.Join(folder, file.Name()))
		if err != nil {
			return nil, err
		}
		r, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name(), err)
		}
		image, err := io.ReadAll(r)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name(), err)
		}
		found[source] = string(image)
	}
	return found, nil
}
