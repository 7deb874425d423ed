// out = epilogue(x·wᵀ) on tensor cores, for weights and activations of 16 bits, sums in f32.
//
//   x    [T, K] E
//   w    [N, K] E, so that both operands lie along K and neither needs a transpose
//   bias [N] f32
//
//   gemm_qkv   out [T, N] E: bias, queries times 1/sqrt(D), queries and keys rotated (table [P, D/2, 2] f32, positions
//              [T] i32; N = 3·A·D)
//   gemm_gelu  out [T, N] E: bias, GELU
//   gemm_add   out [T, N] f32: bias, added to what is there (the residual stream)
//
// A block computes 128 rows and 96 to 256 columns with 4 or 8 warps of 64 rows by 48 to 80 columns each, 32 products of
// every sum at a time: three stages of operands in shared memory, filled by cp.async two ahead of their use, one barrier a
// stage. Rows of a stage are 64 bytes; their 16-byte chunks are permuted by the row's number so that neither the copies
// nor ldmatrix meet a bank twice. An output adds its products 16 at a time in the order of K, in every tile alike.
//
// The epilogue has everything in f32 and rounds once. Sums that become 16-bit rows go through shared memory, 32 rows at a
// time, so that a thread gets 4 neighbouring columns and their 4 rotary partners, half a head away, and stores whole
// sectors; sums for the f32 residual do so as they are.
//
// Limited by FLOPs: 2·T·N·K on tensor cores. Expected, not measured: 80 to 90 % of what cublasLt reaches on 8.0, about
// 90 % of peak on 8.6 and 8.9, and 50 to 60 % of peak on 9.0, which mma.sync can't pass (arXiv:2402.13499).
#include "gelu.cuh"
#include "rotary.cuh"

enum Op { qkv, gelu, add };

const int tileRows = 128, depth = 32, stages = 3;  // as in gemm.go
const int rowBytes = depth * 2;

// A block is two warps high; each computes warpRows rows.
const int warpRows = 64, rowTiles = warpRows / 16;
DEVICE constexpr int warpsAcross(int tileColumns) { return tileColumns == 256 ? 4 : 2; }

// chunkAddress is where 16 bytes of a row of a stage are.
DEVICE u32 chunkAddress(u32 row, u32 chunk) { return row * rowBytes + ((chunk ^ (row >> 1 & 3)) << 4); }

// Operand copies tiles [rows, depth] of a matrix [count, K] from row `first` on; rows and columns outside are zeros.
template <class E, int rows, int threads>
struct Operand {
  static const int perThread = rows * 4 / threads, rowStep = threads / 4;
  const E* from;   // this thread's chunk of its first row
  const E* valid;  // an address for copies of nothing
  u32 to, present, column, K;

  DEVICE Operand(const E* matrix, u64 first, u64 count, u64 K_, u32 shared) {
    u32 row = threadIdx.x / 4, chunk = threadIdx.x % 4;
    K = (u32)K_, column = chunk * 8, valid = matrix;
    from = matrix + (first + row) * K_ + column;
    to = shared + chunkAddress(row, chunk);
    present = 0;
#pragma unroll
    for (int i = 0; i < perThread; i++) present |= (u32)(first + row + i * rowStep < count) << i;
  }

  DEVICE void copy(u32 k, u32 stage) const {
    bool inside = k + column < K;
#pragma unroll
    for (int i = 0; i < perThread; i++) {
      bool there = inside && (present >> i & 1);
      copyAsync16(to + stage + i * rowStep * rowBytes, there ? from + (u64)i * rowStep * K + k : valid, there);
    }
  }
};

// The accumulators of a warp: 4 tiles of 16 rows down, and 8 columns each across. A lane has rows lane/4 and 8 further,
// columns 2·(lane%4) and the next, of each.
template <int tileColumns>
using Sums = float[rowTiles][tileColumns / warpsAcross(tileColumns) / 8][4];

// addRows adds a warp's sums and the bias to rows of f32; firstRow and firstColumn are the warp's.
template <int tileColumns>
DEVICE void addRows(float* out, Sums<tileColumns>& sums, const float* bias, u64 firstRow, u32 firstColumn, u64 T, u64 N) {
  const int columnTiles = tileColumns / warpsAcross(tileColumns) / 8;
  u32 lane = threadIdx.x % 32;
  firstRow += lane / 4, firstColumn += lane % 4 * 2;
#pragma unroll
  for (int i = 0; i < rowTiles; i++)
#pragma unroll
    for (int half = 0; half < 2; half++) {
      u64 row = firstRow + i * 16 + half * 8;
      if (row >= T) continue;
      float* to = out + row * N + firstColumn;
      float2 old[columnTiles];  // all on their way before the first is written
#pragma unroll
      for (int j = 0; j < columnTiles; j++)
        if (firstColumn + j * 8 < N) old[j] = *(const float2*)(to + j * 8);
#pragma unroll
      for (int j = 0; j < columnTiles; j++) {
        if (firstColumn + j * 8 >= N) continue;
        float2 b = *(const float2*)(bias + firstColumn + j * 8);
        *(float2*)(to + j * 8) = make_float2(old[j].x + (sums[i][j][half * 2] + b.x), old[j].y + (sums[i][j][half * 2 + 1] + b.y));
      }
    }
}

// storeRows writes a block's sums as rows of E; firstRow and firstColumn are the block's.
template <class E, Op op, int tileColumns>
DEVICE void storeRows(E* out, Sums<tileColumns>& sums, const float* bias, const float* table, const i32* positions,
                      u64 firstRow, u32 firstColumn, u64 T, u64 N, u32 D) {
  const int warpColumns = tileColumns / warpsAcross(tileColumns);
  const u32 unitsPerRow = tileColumns / 8, pitch = tileColumns + 8;  // the padding spreads rows over the banks
  u32 lane = threadIdx.x % 32, warp = threadIdx.x / 32;

  // Of each row, a thread takes 4 columns and 4 others half a head away: the pairs of a rotation.
  u32 head = op == qkv ? D : tileColumns, unitsPerHead = head / 8;
  u32 unit = threadIdx.x % unitsPerRow;
  u32 first = unit / unitsPerHead * head + unit % unitsPerHead * 4, second = first + head / 2;
  bool hasFirst = firstColumn + first < N, hasSecond = firstColumn + second < N;
  float4 none = make_float4(0, 0, 0, 0);
  float4 firstBias = hasFirst ? loadFour(bias + firstColumn + first) : none, secondBias = hasSecond ? loadFour(bias + firstColumn + second) : none;
  u32 hidden = (u32)(N / 3);
  bool rotates = op == qkv && firstColumn + first < 2 * hidden;
  float scale = op == qkv && firstColumn + first < hidden ? 1 / sqrtf((float)head) : 1;

  Shared<float> staged{0};  // [32, pitch]: 16 rows of each of the two rows of warps
#pragma unroll
  for (int i = 0; i < rowTiles; i++) {
    __syncthreads();
#pragma unroll
    for (int j = 0; j < warpColumns / 8; j++)
#pragma unroll
      for (int half = 0; half < 2; half++) {
        u32 row = warp % 2 * 16 + half * 8 + lane / 4, column = warp / 2 * warpColumns + j * 8 + lane % 4 * 2;
        Shared<float2> to{staged.address + (row * pitch + column) * 4};
        to[0] = make_float2(sums[i][j][half * 2], sums[i][j][half * 2 + 1]);
      }
    __syncthreads();
    if (threadIdx.x >= 8 * unitsPerRow) continue;
#pragma unroll
    for (u32 r = threadIdx.x / unitsPerRow; r < 32; r += 8) {
      u64 row = firstRow + r / 16 * warpRows + i * 16 + r % 16;
      if (row >= T) continue;
      Shared<float4> from{staged.address + (r * pitch + first) * 4}, partners{staged.address + (r * pitch + second) * 4};
      float4 a = plus(from[0], firstBias), b = plus(partners[0], secondBias);
      if (op == gelu) {
        a = make_float4(geluOf<E>(a.x), geluOf<E>(a.y), geluOf<E>(a.z), geluOf<E>(a.w));
        b = make_float4(geluOf<E>(b.x), geluOf<E>(b.y), geluOf<E>(b.z), geluOf<E>(b.w));
      } else if (rotates) {
        a = times(a, scale), b = times(b, scale);
        turn(a, b, table + (u64)positions[row] * head + unit % unitsPerHead * 8);
      }
      if (hasFirst) storeFour(out + row * N + firstColumn + first, a);
      if (hasSecond) storeFour(out + row * N + firstColumn + second, b);
    }
  }
}

template <class E, Op op, int tileColumns>
DEVICE void gemm(void* out, const E* x, const E* w, const float* bias, const float* table, const i32* positions, u64 T, u64 N, u64 K, u64 D) {
  const int threads = 64 * warpsAcross(tileColumns);
  const int warpColumns = tileColumns / warpsAcross(tileColumns), columnTiles = warpColumns / 8;
  const u32 stageBytes = (tileRows + tileColumns) * rowBytes, xBytes = tileRows * rowBytes;

  u32 lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  u32 warpRow = warp % 2 * warpRows, warpColumn = warp / 2 * warpColumns;

  // Blocks go down 8 tiles of rows before they go to the next columns, so that neighbours share operands in the cache.
  u32 rowsOfTiles = (u32)((T + tileRows - 1) / tileRows), columnsOfTiles = (u32)((N + tileColumns - 1) / tileColumns);
  u32 group = blockIdx.x / (8 * columnsOfTiles), within = blockIdx.x % (8 * columnsOfTiles);
  u32 height = smaller(8u, rowsOfTiles - group * 8);
  u64 firstRow = (u64)(group * 8 + within % height) * tileRows;
  u32 firstColumn = within / height * tileColumns;

  Operand<E, tileRows, threads> left(x, firstRow, T, K, 0);
  Operand<E, tileColumns, threads> right(w, firstColumn, N, K, xBytes);
  u32 steps = (u32)((K + depth - 1) / depth);
#pragma unroll
  for (u32 s = 0; s < stages - 1; s++) {
    if (s < steps) {
      left.copy(s * depth, s * stageBytes);
      right.copy(s * depth, s * stageBytes);
    }
    commitCopies();
  }

  float sums[rowTiles][columnTiles][4] = {};
  u32 stage = 0;
  for (u32 step = 0; step < steps; step++) {
    // A group is committed in every step, so this one has arrived when all but the newest have.
    waitCopies<stages - 2>();
    __syncthreads();
    if (step + stages - 1 < steps) {
      u32 next = (stage + stages - 1) % stages * stageBytes;  // read in the step before, which all warps have left
      left.copy((step + stages - 1) * depth, next);
      right.copy((step + stages - 1) * depth, next);
    }
    commitCopies();
    u32 base = stage * stageBytes;
#pragma unroll
    for (u32 k = 0; k < depth / 8; k += 2) {
      u32 a[rowTiles][4], b[columnTiles / 2][4];
#pragma unroll
      for (u32 i = 0; i < rowTiles; i++) loadMatrix4(a[i], base + chunkAddress(warpRow + i * 16 + lane % 16, k + lane / 16));
#pragma unroll
      for (u32 j = 0; j < columnTiles / 2; j++)
        loadMatrix4(b[j], base + xBytes + chunkAddress(warpColumn + j * 16 + lane % 8 + lane / 16 * 8, k + lane / 8 % 2));
#pragma unroll
      for (u32 i = 0; i < rowTiles; i++)
#pragma unroll
        for (u32 j = 0; j < columnTiles; j++) multiplyAdd<E>(sums[i][j], a[i], b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]);
    }
    stage = stage + 1 == stages ? 0 : stage + 1;
  }  // the groups still in flight hold nothing

  if constexpr (op == add)
    addRows<tileColumns>((float*)out, sums, bias, firstRow + warpRow, firstColumn + warpColumn, T, N);
  else
    storeRows<E, op, tileColumns>((E*)out, sums, bias, table, positions, firstRow, firstColumn, T, N, (u32)D);
}

#define GEMM_QKV(E, columns)                                                                                      \
  extern "C" __global__ void __launch_bounds__(columns == 256 ? 256 : 128, columns == 256 ? 1 : 2)                \
      gemm_qkv_##E##_128x##columns(E* out, const E* x, const E* w, const float* bias, const float* table,         \
                                   const i32* positions, u64 T, u64 N, u64 K, u64 D) {                            \
    gemm<E, qkv, columns>(out, x, w, bias, table, positions, T, N, K, D);                                         \
  }                                                                                                               \
  KERNEL(gemm_qkv_##E##_128x##columns)
#define GEMM(op, E, Out, columns)                                                                                 \
  extern "C" __global__ void __launch_bounds__(columns == 256 ? 256 : 128, columns == 256 ? 1 : 2)                \
      gemm_##op##_##E##_128x##columns(Out* out, const E* x, const E* w, const float* bias, u64 T, u64 N, u64 K) { \
    gemm<E, op, columns>(out, x, w, bias, nullptr, nullptr, T, N, K, 0);                                          \
  }                                                                                                               \
  KERNEL(gemm_##op##_##E##_128x##columns)
#define GEMMS(E)            \
  GEMM_QKV(E, 256)          \
  GEMM_QKV(E, 128)          \
  GEMM_QKV(E, 96)           \
  GEMM(gelu, E, E, 256)     \
  GEMM(gelu, E, E, 128)     \
  GEMM(add, E, float, 256)  \
  GEMM(add, E, float, 160)  \
  GEMM(add, E, float, 128)
GEMMS(bf16)
GEMMS(f16)
