// out = epilogue(x·wᵀ) as in gemm.cu, for bf16, by the instructions of Hopper: wgmma, and the tensor memory accelerator.
// For sm_90a alone. NOT YET RUN ON A GPU: the stand-in carries out what these instructions are documented to do, but not the
// order of accesses to memory. So it is chosen by an explicit switch and by the checks on a GPU, never by default, until such
// a check has passed.
//
//   maps   [3] CUtensorMap of 128 bytes each, in device memory, 64-byte aligned, all with the 128-byte swizzle, of bf16:
//          x [rows, K] with boxes of 128 rows by 64 columns, w [N, K] with 256 by 64, out [rows, N] with 64 by 64
//          (gemm90_add has no use for the last). rows may be more than T, up to what the buffers hold: rows behind T take
//          part, and rows of out behind T may be written, up to the next multiple of 128 and not beyond rows
//   out    [T, N] f32, for gemm90_add
//   bias   [N] f32; table [P, D/2, 2] f32; positions [T] i32, for gemm90_qkv
//
//   gemm90_qkv64, gemm90_qkv128   heads of 64 and of 128
//   gemm90_gelu, gemm90_add
// each in a source of its own, as ptxas takes half a minute for one.
//
// A block stays on its multiprocessor and computes one tile of 128 rows by 256 columns after the other. Its first four
// warps only keep a ring of four stages of 64 products filled; each of the two other groups of four multiplies 64 rows, and
// while one group finishes its sums, the other may be up to four stages further. Limited by FLOPs, 2·T·N·K on tensor
// cores, and by the epilogue, during which they idle. Expected, not measured: 560 to 640 TFLOP/s at K = 1280 and 640 to 720
// at 2560 on H100 and H200.
#pragma once
#include "gelu.cuh"
#include "hopper.cuh"

enum Op { qkv, gelu, add };

const u32 tileRows = 128, tileColumns = 256, depth = 64, stages = 4, groupRows = 64;
const u32 xBytes = tileRows * depth * 2, wBytes = tileColumns * depth * 2, stageBytes = xBytes + wBytes;
const u32 chunkColumns = 64, chunkBytes = groupRows * chunkColumns * 2;  // of one store

// Ring is where a thread is in the ring of stages.
struct Ring {
  u32 stage, parity;
  DEVICE void next() {
    if (++stage == stages) stage = 0, parity ^= 1;
  }
};

// Tiles are those of a block, 8 tiles of rows down before the next columns.
struct Tiles {
  u32 down, across;
  DEVICE Tiles(u64 T, u64 N) : down((u32)((T + tileRows - 1) / tileRows)), across((u32)((N + tileColumns - 1) / tileColumns)) {}
  DEVICE u32 count() const { return down * across; }
  DEVICE void place(u32 tile, u32& row, u32& column) const {
    u32 group = tile / (8 * across), within = tile % (8 * across), height = smaller(8u, down - group * 8);
    row = (group * 8 + within % height) * tileRows, column = within / height * tileColumns;
  }
};

// addRows adds sums and bias to rows of f32. A lane has rows `row` and 8 further, columns `column` and the next, and so
// every 8 columns.
DEVICE void addRows(float* out, float (&sums)[128], const float* bias, u32 row, u32 column, u64 T, u64 N) {
#pragma unroll
  for (int half = 0; half < 2; half++) {
    if (row + half * 8 >= T) continue;
    float* to = out + (u64)(row + half * 8) * N;
#pragma unroll
    for (int batch = 0; batch < 32; batch += 8) {
      float2 old[8];  // all on their way before the first is written
#pragma unroll
      for (int j = 0; j < 8; j++)
        if (column + (batch + j) * 8 < N) old[j] = *(const float2*)(to + column + (batch + j) * 8);
#pragma unroll
      for (int j = 0; j < 8; j++) {
        u32 c = column + (batch + j) * 8;
        if (c >= N) continue;
        float2 b = *(const float2*)(bias + c);
        float* s = sums + (batch + j) * 4 + half * 2;
        *(float2*)(to + c) = make_float2(old[j].x + (s[0] + b.x), old[j].y + (s[1] + b.y));
      }
    }
  }
}

// addBias is the first part of the epilogues of 16 bits.
DEVICE void addBias(float (&sums)[128], const float* bias, u32 column, u64 N) {
#pragma unroll
  for (int j = 0; j < 32; j++) {
    if (column + j * 8 >= N) continue;
    float2 b = *(const float2*)(bias + column + j * 8);
    sums[j * 4] += b.x, sums[j * 4 + 1] += b.y, sums[j * 4 + 2] += b.x, sums[j * 4 + 3] += b.y;
  }
}

// rotate scales queries and turns queries and keys; both halves of a pair are in one lane, D/16 tiles of 8 columns apart.
template <int D>
DEVICE void rotate(float (&sums)[128], const float* table, const i32* positions, u32 row, u32 column, u64 T, u64 N) {
  u32 hidden = (u32)(N / 3), own = column % 8;
  const float* angles[2];
#pragma unroll
  for (int half = 0; half < 2; half++) angles[half] = table + (row + half * 8 < T ? (u64)positions[row + half * 8] * D : 0) + own * 2;
#pragma unroll
  for (int head = 0; head < (int)tileColumns / D; head++) {
    u32 first = column - own + head * D;
    if (first >= 2 * hidden) continue;
    float scale = first < hidden ? (D == 64 ? 0.125f : 0.08838834764831845f) : 1;  // 1/sqrt(D)
#pragma unroll
    for (int j = 0; j < D / 16; j++)
#pragma unroll
      for (int half = 0; half < 2; half++) {
        float* a = sums + (head * D / 8 + j) * 4 + half * 2;
        float* b = a + D / 16 * 4;
        float4 turned = *(const float4*)(angles[half] + j * 16);  // cosine and sine of two neighbours
        float c = turned.x * scale, s = turned.y * scale, c1 = turned.z * scale, s1 = turned.w * scale;
        float a0 = a[0], a1 = a[1];
        a[0] = a0 * c - b[0] * s, b[0] = b[0] * c + a0 * s;
        a[1] = a1 * c1 - b[1] * s1, b[1] = b[1] * c1 + a1 * s1;
      }
  }
}

// storeRows writes a group's sums, 64 columns at a time through its buffer.
template <class E>
DEVICE void storeRows(const Map* out, float (&sums)[128], u32 buffer, u32 group, u32 row, u32 column) {
  u32 lane = threadIdx.x % 32, warp = threadIdx.x / 32 % 4;
  bool stores = threadIdx.x % 128 == 0;
  u32 r = warp * 16 + lane % 16;
#pragma unroll
  for (u32 chunk = 0; chunk < tileColumns / chunkColumns; chunk++) {
    if (stores) awaitStoresRead();
    meet(group + 1);
#pragma unroll
    for (u32 j = 0; j < chunkColumns / 16; j++) {
      float* s = sums + (chunk * 8 + j * 2) * 4;
      storeMatrix4(buffer + r * 128 + (((j * 2 + lane / 16) ^ (r & 7)) << 4), pack<E>(s[0], s[1]), pack<E>(s[2], s[3]),
                   pack<E>(s[4], s[5]), pack<E>(s[6], s[7]));
    }
    publishShared();
    meet(group + 1);
    if (stores) storeTile(out, column + chunk * chunkColumns, row, buffer);
  }
}

template <class E, Op op, int D>
DEVICE void gemm(const Map* maps, float* out, const float* bias, const float* table, const i32* positions, u64 T, u64 N, u64 K) {
  // Stages on boundaries of 1024 bytes, as the swizzle wants; then a buffer for each group, then the barriers.
  u32 base = (sharedAddress(0) + 1023) & ~1023u, buffers = base + stages * stageBytes;
  u32 full = buffers + 2 * chunkBytes, empty = full + stages * 8;
  u32 group = threadIdx.x / 128;
  if (threadIdx.x == 0) {
    for (u32 s = 0; s < stages; s++) {
      initBarrier(full + s * 8, 1);
      initBarrier(empty + s * 8, 8);  // every warp that multiplies
    }
    publishBarriers();
  }
  __syncthreads();
  Tiles tiles(T, N);
  u32 steps = (u32)((K + depth - 1) / depth), row, column;
  Ring ring{0, 0};

  if (group == 0) {
    giveRegisters<40>();
    if (threadIdx.x) return;
    readsMap(maps), readsMap(maps + 1);
    for (u32 tile = blockIdx.x; tile < tiles.count(); tile += gridDim.x) {
      tiles.place(tile, row, column);
      for (u32 step = 0; step < steps; step++, ring.next()) {
        u32 x = base + ring.stage * stageBytes, arrived = full + ring.stage * 8;
        awaitPhase(empty + ring.stage * 8, ring.parity ^ 1);
        arriveExpecting(arrived, stageBytes);
        copyTile(x, maps, step * depth, row, arrived);
        copyTile(x + xBytes, maps + 1, step * depth, column, arrived);
      }
    }
    return;
  }

  takeRegisters<232>();
  group--;
  u32 lane = threadIdx.x % 32, warp = threadIdx.x / 32 % 4;
  if (op != add && threadIdx.x % 128 == 0) readsMap(maps + 2);
  for (u32 tile = blockIdx.x; tile < tiles.count(); tile += gridDim.x) {
    tiles.place(tile, row, column);
    float sums[128];
#pragma unroll
    for (int i = 0; i < 128; i++) sums[i] = 0;
    u32 before = 0;
    for (u32 step = 0; step < steps; step++, ring.next()) {
      awaitPhase(full + ring.stage * 8, ring.parity);
      u32 x = base + ring.stage * stageBytes;
      u64 left = operand(x + group * groupRows * 128), right = operand(x + xBytes);
      beginMultiplication();
#pragma unroll
      for (u32 k = 0; k < depth / 16; k++) multiplyGroup<E>(sums, left + k * 2, right + k * 2);
      commitMultiplication();
      awaitMultiplication<1>();  // the step before is through with its stage
      if (step && lane == 0) arrive(empty + before * 8);
      before = ring.stage;
    }
    awaitMultiplication<0>();
    if (lane == 0) arrive(empty + before * 8);

    u32 firstRow = row + group * groupRows, ownRow = firstRow + warp * 16 + lane / 4, ownColumn = column + lane % 4 * 2;
    if constexpr (op == add) {
      addRows(out, sums, bias, ownRow, ownColumn, T, N);
    } else {
      addBias(sums, bias, ownColumn, N);
      if constexpr (op == qkv) rotate<D>(sums, table, positions, ownRow, ownColumn, T, N);
      if constexpr (op == gelu) {
#pragma unroll
        for (int i = 0; i < 128; i++) sums[i] = geluOf<E>(sums[i]);
      }
      storeRows<E>(maps + 2, sums, buffers + group * chunkBytes, group, firstRow, column);
    }
  }
  if (op != add && threadIdx.x % 128 == 0) awaitStores();
}
