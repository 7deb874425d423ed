package cuda

import (
	"fmt"
	"os"
)

// Precision is the type of weights and activations. Sums, softmax, norms, rotation and the residual stream are float32 in
// each of them.
type Precision string

const (
	BF16 Precision = "bf16" // on tensor cores: the default
	FP16 Precision = "fp16" // on tensor cores; finer, but overflows at 65,504
	FP32 Precision = "fp32" // on the multiply-add units: slow, and as exact as the CPU
)

// PrecisionVariable is the environment variable that chooses another precision than BF16.
const PrecisionVariable = "LONGFIRST_CUDA"

// ChosenPrecision returns the precision that the environment chooses.
func ChosenPrecision() (Precision, error) {
	switch p := Precision(os.Getenv(PrecisionVariable)); p {
	case "":
		return BF16, nil
	case BF16, FP16, FP32:
		return p, nil
	default:
		return "", fmt.Errorf("%w: %s is %q, and there are %s, %s and %s", ErrPrecision, PrecisionVariable, p, BF16, FP16, FP32)
	}
}

// kernelVersion changes whenever a kernel computes other bits.
const kernelVersion = 1
