//go:build cuda

package cuda

import (
	"fmt"

	"gorgonia.org/cu"
)

// Devices lists the GPUs that CUDA_VISIBLE_DEVICES leaves to this process.
func Devices() ([]Device, error) {
	n, err := cu.NumDevices()
	if err != nil {
		return nil, fmt.Errorf("count GPUs: %w", err)
	}
	devices := make([]Device, n)
	for i := range devices {
		if devices[i], err = device(i); err != nil {
			return nil, fmt.Errorf("GPU %d: %w", i, err)
		}
	}
	return devices, nil
}

func device(i int) (d Device, err error) {
	d.Index = i
	handle, err := cu.GetDevice(i)
	if err != nil {
		return d, err
	}
	if d.Name, err = handle.Name(); err != nil {
		return d, err
	}
	if d.Memory, err = handle.TotalMem(); err != nil {
		return d, err
	}
	d.Major, d.Minor, err = handle.ComputeCapability()
	return d, err
}
