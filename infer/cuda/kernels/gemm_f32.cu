// out = epilogue(x·wᵀ) on the FMA units, everything in f32: --compute f32.
//
//   x    [T, K] f32
//   w    [N, K] f32
//   bias [N] f32
//   gemm_product_f32  out [T, N] = x·wᵀ; rotary_f32 adds the bias of queries, keys and values
//   gemm_gelu_f32     out = gelu(x·wᵀ + bias)
//   gemm_add_f32      out += x·wᵀ + bias
//
// A block computes 128x128 outputs with 256 threads of 8x8 each; 16 products of every sum at a time go through shared
// memory, transposed, in two stages, while the next 16 are on their way in registers. Limited by FLOPs of the FMA units.
// Expected, not measured: 70 % of their peak.
#include "gelu.cuh"
#include "rotary.cuh"

enum Op { product, gelu, add };

const int tile = 128, depth = 16;
const u32 pitch = tile + 4;  // of a stage [depth, pitch]: columns 4 apart are in other banks

// Rows holds this thread's part of a tile of x or w on its way: 8 products of one row.
struct Rows {
  float4 low, high;
  DEVICE void load(const float* matrix, u64 row, u64 count, u64 k, u64 K) {
    float4 none = make_float4(0, 0, 0, 0);
    bool there = row < count;
    low = there && k < K ? loadFour(matrix + row * K + k) : none;
    high = there && k + 4 < K ? loadFour(matrix + row * K + k + 4) : none;
  }
  DEVICE void store(Shared<float> stage, u32 row, u32 k) const {
    stage[k * pitch + row] = low.x, stage[(k + 1) * pitch + row] = low.y;
    stage[(k + 2) * pitch + row] = low.z, stage[(k + 3) * pitch + row] = low.w;
    stage[(k + 4) * pitch + row] = high.x, stage[(k + 5) * pitch + row] = high.y;
    stage[(k + 6) * pitch + row] = high.z, stage[(k + 7) * pitch + row] = high.w;
  }
};

template <Op op>
DEVICE void gemm(float* out, const float* x, const float* w, const float* bias, u64 T, u64 N, u64 K) {
  u32 tilesDown = (u32)((T + tile - 1) / tile);
  u64 firstRow = (u64)(blockIdx.x % tilesDown) * tile, firstColumn = (u64)(blockIdx.x / tilesDown) * tile;
  u32 loadRow = threadIdx.x % tile, loadK = threadIdx.x / tile * 8;
  u32 down = threadIdx.x / 16 * 4, across = threadIdx.x % 16 * 4;  // and 64 further

  Rows left, right;
  left.load(x, firstRow + loadRow, T, loadK, K);
  right.load(w, firstColumn + loadRow, N, loadK, K);
  float sums[8][8] = {};
  u32 stage = 0;
  for (u64 k = 0; k < K; k += depth) {
    Shared<float> a{stage * 2 * depth * pitch * 4}, b{(stage * 2 + 1) * depth * pitch * 4};
    left.store(a, loadRow, loadK);
    right.store(b, loadRow, loadK);
    __syncthreads();  // the other stage's readers are behind this barrier too when it is written next
    if (k + depth < K) {
      left.load(x, firstRow + loadRow, T, k + depth + loadK, K);
      right.load(w, firstColumn + loadRow, N, k + depth + loadK, K);
    }
#pragma unroll
    for (u32 i = 0; i < depth; i++) {
      float c[8], r[8];
#pragma unroll
      for (u32 half = 0; half < 2; half++) {
        Shared<float4> rows{a.address + (i * pitch + half * 64 + down) * 4}, columns{b.address + (i * pitch + half * 64 + across) * 4};
        float4 p = rows[0], q = columns[0];
        r[half * 4] = p.x, r[half * 4 + 1] = p.y, r[half * 4 + 2] = p.z, r[half * 4 + 3] = p.w;
        c[half * 4] = q.x, c[half * 4 + 1] = q.y, c[half * 4 + 2] = q.z, c[half * 4 + 3] = q.w;
      }
#pragma unroll
      for (int m = 0; m < 8; m++)
#pragma unroll
        for (int n = 0; n < 8; n++) sums[m][n] = fmaf(r[m], c[n], sums[m][n]);
    }
    stage ^= 1;
  }

#pragma unroll
  for (int m = 0; m < 8; m++)
#pragma unroll
    for (int half = 0; half < 2; half++) {
      u64 row = firstRow + m / 4 * 64 + down + m % 4, column = firstColumn + half * 64 + across;
      if (row >= T || column >= N) continue;
      float* to = out + row * N + column;
      float4 v = make_float4(sums[m][half * 4], sums[m][half * 4 + 1], sums[m][half * 4 + 2], sums[m][half * 4 + 3]);
      if (op != product) v = plus(v, loadFour(bias + column));
      if (op == gelu) v = make_float4(geluOf<float>(v.x), geluOf<float>(v.y), geluOf<float>(v.z), geluOf<float>(v.w));
      if (op == add) v = plus(loadFour(to), v);
      storeFour(to, v);
    }
}

#define GEMM(op, blocks)                                                                                          \
  extern "C" __global__ void __launch_bounds__(256, blocks)                                                       \
      gemm_##op##_f32(float* out, const float* x, const float* w, const float* bias, u64 T, u64 N, u64 K) {       \
    gemm<op>(out, x, w, bias, T, N, K);                                                                           \
  }                                                                                                               \
  KERNEL(gemm_##op##_f32)
GEMM(product, 2)
GEMM(gelu, 1)
GEMM(add, 2)
