//go:build cuda

package cuda

import (
	"fmt"

	"longfirst/infer/cuda/kernels"
)

// images returns the kernels' modules for a device, by the names of their sources.
func images(d Device) (map[string]string, error) {
	all, err := kernels.Images(d.Major, d.Minor)
	if err == nil && d.wgmma() {
		var more []kernels.Image
		more, err = kernels.HopperImages()
		all = append(all, more...)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnusable, err)
	}
	found := make(map[string]string)
	for _, i := range all {
		found[i.Name] = string(i.Data)
	}
	return found, nil
}
