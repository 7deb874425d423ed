package worker

// visibleDevicesVariable is the environment variable by which the CUDA driver, and everything built on it, is confined.
const visibleDevicesVariable = "CUDA_VISIBLE_DEVICES"

// CPUDevices returns what n children on the CPU see of the GPUs: nothing.
func CPUDevices(n int) []string { return make([]string, n) }
