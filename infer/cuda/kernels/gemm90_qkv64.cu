// gemm90.cuh for queries, keys and values in heads of 64.
#include "gemm90.cuh"

extern "C" __global__ void __launch_bounds__(384, 1)
    gemm90_qkv64_bf16(const Map* maps, const float* bias, const float* table, const i32* positions, u64 T, u64 N, u64 K) {
  gemm<bf16, qkv, 64>(maps, nullptr, bias, table, positions, T, N, K);
}
KERNEL(gemm90_qkv64_bf16)
