package workloads

import (
	"longfirst/bench/limits"
	"longfirst/infer/backend"
	"longfirst/infer/cuda"
)

// onGPU computes in bf16 on the one GPU that the environment leaves visible.
var onGPU = site{"gpu", "the GPU", limits.GPUMatrix, "matrix rate", func(int) (backend.Backend, error) { return cuda.New(cuda.BF16) }}
