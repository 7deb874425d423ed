package worker

import (
	"fmt"
	"strconv"
	"strings"
)

// visibleDevicesVariable is the environment variable by which the CUDA driver, and everything built on it, is confined.
const visibleDevicesVariable = "CUDA_VISIBLE_DEVICES"

// CPUDevices returns what n children on the CPU see of the GPUs: nothing.
func CPUDevices(n int) []string { return make([]string, n) }

// SelectDevices returns the devices for one child each: the chosen ones of the inherited visible set, by their index
// within that set. inherited is the value of CUDA_VISIBLE_DEVICES, whose entries (indices, UUIDs, MIG names) are passed
// on as they are; chosen is a list such as "0,2", or "" for all. A choice outside the inherited set is refused, so a
// share of a machine handed out by a scheduler is never left.
func SelectDevices(inherited, chosen string) ([]string, error) {
	var set []string
	for _, device := range strings.Split(inherited, ",") {
		if device = strings.TrimSpace(device); device == "" || device == "-1" {
			break // the driver, too, ends the list at the first entry that is no device
		}
		set = append(set, device)
	}
	if chosen == "" {
		return set, nil
	}
	var devices []string
	seen := make(map[int]bool)
	for _, text := range strings.Split(chosen, ",") {
		i, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || i < 0 {
			return nil, fmt.Errorf("%w: %q is no index: give a list such as 0,2", ErrDevice, text)
		}
		if i >= len(set) {
			return nil, fmt.Errorf("%w: there is no device %d in the %d that %s=%q leaves visible", ErrDevice, i, len(set), visibleDevicesVariable, inherited)
		}
		if seen[i] {
			return nil, fmt.Errorf("%w: device %d is named twice", ErrDevice, i)
		}
		seen[i] = true
		devices = append(devices, set[i])
	}
	return devices, nil
}
