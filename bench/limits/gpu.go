package limits

import "time"

// GPU is what a Meter measures of a GPU. Each method works for about that long.
type GPU interface {
	// Multiply multiplies matrices and returns operations a second.
	Multiply(time.Duration) (float64, error)

	// Copy copies to the GPU and returns bytes a second.
	Copy(time.Duration) (float64, error)

	// String names the GPU and what multiplies on it.
	String() string
}

// UseGPU makes the meter measure a GPU too. It stays the caller's.
func (m *Meter) UseGPU(gpu GPU) { m.gpu = gpu }

func measureGPU(gpu GPU, k Kind, duration time.Duration) (float64, error) {
	if k == GPUMatrix {
		return gpu.Multiply(duration)
	}
	return gpu.Copy(duration)
}
