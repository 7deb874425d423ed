package cuda

import (
	"fmt"
	"strings"
)

// Precision is the type of weights and activations. Sums, softmax, norms, rotation and the residual stream are float32 in
// each of them.
type Precision string

const (
	BF16 Precision = "bf16" // on tensor cores: the default
	FP16 Precision = "fp16" // on tensor cores; finer, but overflows at 65,504
	FP32 Precision = "fp32" // on the multiply-add units: slow, and as exact as the CPU
)

// ParsePrecision returns the precision of that name. The error is ErrPrecision.
func ParsePrecision(name string) (Precision, error) {
	switch p := Precision(name); p {
	case BF16, FP16, FP32:
		return p, nil
	}
	return "", fmt.Errorf("%w: %q, and there are %s, %s and %s", ErrPrecision, name, BF16, FP16, FP32)
}

// DevicePrefix begins the name of a GPU that computes in a precision, as worker processes are ordered to use it.
const DevicePrefix = "cuda-"

// Device returns that name.
func (p Precision) Device() string { return DevicePrefix + string(p) }

// DevicePrecision returns the precision of such a name. The error is ErrPrecision.
func DevicePrecision(device string) (Precision, error) {
	return ParsePrecision(strings.TrimPrefix(device, DevicePrefix))
}

// ClassPrecision returns the precision of a numeric class of GPUs, and false for a class of another device.
func ClassPrecision(class string) (Precision, bool) {
	name, _, _ := strings.Cut(strings.TrimPrefix(class, DevicePrefix), "-")
	p, err := ParsePrecision(name)
	return p, err == nil && strings.HasPrefix(class, DevicePrefix)
}

// kernelVersion changes whenever a kernel computes other bits.
const kernelVersion = 1
