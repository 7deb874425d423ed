//go:build cuda

package cuda

import (
	"fmt"

	"gorgonia.org/cu"

	"longfirst/infer/cuda/driver"
)

// Built says whether the program was built with the tag "cuda".
const Built = true

// Probe lists the GPUs that the environment leaves visible to this process, which calls the driver from then on.
//
// Errors: those of driver.Load and of the driver.
func Probe() ([]Device, error) {
	if err := driver.Load(); err != nil {
		return nil, err
	}
	n, err := cu.NumDevices()
	if err != nil {
		return nil, fmt.Errorf("count GPUs: %w", err)
	}
	devices := make([]Device, n)
	for i := range devices {
		if devices[i], err = describe(cu.Device(i)); err != nil {
			return nil, fmt.Errorf("GPU %d: %w", i, err)
		}
	}
	return devices, nil
}

func describe(handle cu.Device) (d Device, err error) {
	if d.Name, err = handle.Name(); err != nil {
		return d, fmt.Errorf("name: %w", err)
	}
	id, err := handle.UUID()
	if err != nil {
		return d, fmt.Errorf("UUID: %w", err)
	}
	d.Visible = "GPU-" + id.String()
	if d.Memory, err = handle.TotalMem(); err != nil {
		return d, fmt.Errorf("memory: %w", err)
	}
	if d.Major, d.Minor, err = handle.ComputeCapability(); err != nil {
		return d, fmt.Errorf("compute capability: %w", err)
	}
	facts, err := handle.Attributes(cu.MultiprocessorCount, cu.PciDomainID, cu.PciBusID, cu.PciDeviceID)
	if err != nil {
		return d, fmt.Errorf("attributes: %w", err)
	}
	d.SMs, d.Bus = facts[0], fmt.Sprintf("%04x:%02x:%02x", facts[1], facts[2], facts[3])
	return d, nil
}
