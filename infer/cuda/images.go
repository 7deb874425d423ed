//go:build cuda

package cuda

import (
	"fmt"

	"longfirst/infer/cuda/kernels"
)

// images returns the kernels' modules for a compute capability, by the names of their sources.
func images(major, minor int) (map[string]string, error) {
	all, err := kernels.Images(major, minor)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnusable, err)
	}
	found := make(map[string]string)
	for _, i := range all {
		found[i.Name] = string(i.Data)
	}
	return found, nil
}
