// gemm90.cuh with GELU.
#include "gemm90.cuh"

extern "C" __global__ void __launch_bounds__(384, 1) gemm90_gelu_bf16(const Map* maps, const float* bias, u64 T, u64 N, u64 K) {
  gemm<bf16, gelu, 0>(maps, nullptr, bias, nullptr, nullptr, T, N, K);
}
KERNEL(gemm90_gelu_bf16)
