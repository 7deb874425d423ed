// gemm90.cuh for the residual stream.
#include "gemm90.cuh"

extern "C" __global__ void __launch_bounds__(384, 1)
    gemm90_add_bf16(const Map* maps, float* out, const float* bias, u64 T, u64 N, u64 K) {
  gemm<bf16, add, 0>(maps, out, bias, nullptr, nullptr, T, N, K);
}
KERNEL(gemm90_add_bf16)
