//go:build cuda

package cuda

import "longfirst/infer/cuda/device"

// Built says whether the program was built with the tag "cuda".
const Built = true

// Probe lists the GPUs that the environment leaves visible to this process, which calls the driver from then on.
//
// Errors: those of driver.Load and of the driver.
func Probe() ([]Device, error) {
	n, err := device.Count()
	if err != nil {
		return nil, err
	}
	devices := make([]Device, n)
	for i := range devices {
		if devices[i], err = describe(i); err != nil {
			return nil, err
		}
		devices[i].chooseProducts(i, true)
	}
	return devices, nil
}

func describe(index int) (Device, error) {
	f, err := device.Describe(index)
	d := Device{Visible: f.UUID, Name: f.Name, Bus: f.Bus, Memory: f.Memory, SMs: f.SMs, Major: f.Major, Minor: f.Minor}
	return d, err
}
