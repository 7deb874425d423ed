// out = softmax(q·kᵀ)·v for each sequence and head, without a mask, in one pass over the keys (FlashAttention,
// arXiv:2205.14135), for heads of 16 bits.
//
//   out  [T, H] E
//   qkv  [T, 3H] E: queries (which hold 1/sqrt(D) and their rotation), keys (rotated), values
//   work [items, 4] i32: first token of the sequence, its tokens, first query within it, 0
//
// A block takes 64 queries of one sequence and head, 16 a warp, and goes over the sequence's keys 64 at a time from its
// first token on, so that nothing depends on the other sequences. Keys and values have two buffers each: the next keys are
// fetched during softmax and the products with values, the next values during the products with keys. Scores and running
// sums are f32 registers; a warp's probabilities are, as they come out of one multiplication, an operand of the next. Rows
// are D values, 24 padded to 32 by zeros; their 16-byte chunks are permuted by the row's number.
//
// Limited by FLOPs, 4·n²·D a head and sequence, for D of 64 and more at lengths beyond 100; below, by exponentials (n² a
// head) for small D, and by bytes (8·H a token) for short sequences. Expected, not measured: at D = 64 and 350 tokens 110
// to 130 TFLOP/s on A100 and RTX 4090, 200 to 240 on H200.
#include "device.cuh"

const int tileTokens = 64;  // of queries and of keys
const float log2e = 1.4426950408889634f;
const float lowest = -1e30f;  // below every score, and finite: no Inf - Inf

// Head is one tile [64, D] in shared memory.
template <int D>
struct Head {
  static const int padded = D == 24 ? 32 : D, rowBytes = padded * 2, chunks = padded / 8;
  static const u32 bytes = tileTokens * rowBytes;

  DEVICE static u32 chunkAddress(u32 row, u32 chunk) {
    u32 turned = rowBytes >= 128 ? row & 7 : rowBytes == 64 ? row >> 1 & 3 : row >> 2 & 1;
    return row * rowBytes + ((chunk ^ turned) << 4);
  }

  // fetch copies tokens [first, first+64) of a sequence of that length; zeros behind its end.
  template <class E>
  DEVICE static void fetch(u32 to, const E* head, u64 pitch, u32 first, u32 length) {
#pragma unroll
    for (u32 i = threadIdx.x; i < tileTokens * chunks; i += 128) {
      u32 row = i / chunks, chunk = i % chunks;
      bool there = first + row < length && chunk * 8 < D;
      copyAsync16(to + chunkAddress(row, chunk), there ? head + (u64)(first + row) * pitch + chunk * 8 : head, there);
    }
  }
};

template <class E, int D>
DEVICE void attention(E* out, const E* qkv, const int4* work, u64 H) {
  typedef Head<D> Tile;
  const int headSteps = Tile::padded / 16, keyTiles = tileTokens / 8, outTiles = D / 8;
  const u32 queryAt = 0, keysAt = Tile::bytes, valuesAt = 3 * Tile::bytes;

  int4 item = work[blockIdx.x];
  u32 length = item.y, firstQuery = item.z, lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  u64 pitch = 3 * H;
  const E* queries = qkv + (u64)item.x * pitch + blockIdx.y * D;
  const E* keys = queries + H;
  const E* values = keys + H;

  Tile::fetch(queryAt, queries, pitch, firstQuery, length);
  Tile::fetch(keysAt, keys, pitch, 0, length);
  commitCopies();
  Tile::fetch(valuesAt, values, pitch, 0, length);
  commitCopies();

  // Each lane holds parts of rows lane/4 and lane/4 + 8 of its warp's 16.
  float sums[outTiles][4] = {}, largest[2] = {lowest, lowest}, total[2] = {};
  u32 query[headSteps][4];
  u32 tiles = (length + tileTokens - 1) / tileTokens;
  for (u32 tile = 0; tile < tiles; tile++) {
    u32 keyTile = keysAt + tile % 2 * Tile::bytes, valueTile = valuesAt + tile % 2 * Tile::bytes;
    waitCopies<1>();  // all but the values: these keys are there, and the queries
    __syncthreads();
    if (tile + 1 < tiles) Tile::fetch(keysAt + (tile + 1) % 2 * Tile::bytes, keys, pitch, (tile + 1) * tileTokens, length);
    commitCopies();
    if (tile == 0) {
#pragma unroll
      for (u32 d = 0; d < headSteps; d++) loadMatrix4(query[d], queryAt + Tile::chunkAddress(warp * 16 + lane % 16, d * 2 + lane / 16));
    }

    float scores[keyTiles][4] = {};
#pragma unroll
    for (u32 j = 0; j < keyTiles; j += 2)
#pragma unroll
      for (u32 d = 0; d < headSteps; d++) {
        u32 key[4];
        loadMatrix4(key, keyTile + Tile::chunkAddress(j * 8 + lane % 8 + lane / 16 * 8, d * 2 + lane / 8 % 2));
        multiplyAdd<E>(scores[j], query[d], key[0], key[1]);
        multiplyAdd<E>(scores[j + 1], query[d], key[2], key[3]);
      }
    if (tile == tiles - 1) {
#pragma unroll
      for (u32 j = 0; j < keyTiles; j++)
#pragma unroll
        for (u32 e = 0; e < 4; e++)
          if (tile * tileTokens + j * 8 + lane % 4 * 2 + e % 2 >= length) scores[j][e] = lowest;
    }

#pragma unroll
    for (int half = 0; half < 2; half++) {
      float before = largest[half], now = before;
#pragma unroll
      for (int j = 0; j < keyTiles; j++) now = fmaxf(now, fmaxf(scores[j][half * 2], scores[j][half * 2 + 1]));
      now = fmaxf(now, __shfl_xor_sync(warpLanes, now, 1));
      now = fmaxf(now, __shfl_xor_sync(warpLanes, now, 2));
      largest[half] = now;
      float shift = -now * log2e, sum = 0;
#pragma unroll
      for (int j = 0; j < keyTiles; j++)
#pragma unroll
        for (int e = half * 2; e < half * 2 + 2; e++) {
          scores[j][e] = powerOfTwo(fmaf(scores[j][e], log2e, shift));
          sum += scores[j][e];
        }
      float shrink = powerOfTwo((before - now) * log2e);
      total[half] = total[half] * shrink + sum;  // of this lane's keys
#pragma unroll
      for (int j = 0; j < outTiles; j++) sums[j][half * 2] *= shrink, sums[j][half * 2 + 1] *= shrink;
    }

    waitCopies<1>();  // all but the next keys
    __syncthreads();
    if (tile + 1 < tiles) Tile::fetch(valuesAt + (tile + 1) % 2 * Tile::bytes, values, pitch, (tile + 1) * tileTokens, length);
    commitCopies();
#pragma unroll
    for (u32 k = 0; k < tileTokens / 16; k++) {
      u32 probability[4] = {pack<E>(scores[2 * k][0], scores[2 * k][1]), pack<E>(scores[2 * k][2], scores[2 * k][3]),
                            pack<E>(scores[2 * k + 1][0], scores[2 * k + 1][1]), pack<E>(scores[2 * k + 1][2], scores[2 * k + 1][3])};
#pragma unroll
      for (u32 j = 0; j + 1 < outTiles; j += 2) {
        u32 value[4];
        loadMatrix4Transposed(value, valueTile + Tile::chunkAddress(k * 16 + lane % 16, j + lane / 16));
        multiplyAdd<E>(sums[j], probability, value[0], value[1]);
        multiplyAdd<E>(sums[j + 1], probability, value[2], value[3]);
      }
      if (outTiles % 2) {
        u32 value[2];
        loadMatrix2Transposed(value, valueTile + Tile::chunkAddress(k * 16 + lane % 16, outTiles - 1));
        multiplyAdd<E>(sums[outTiles - 1], probability, value[0], value[1]);
      }
    }
  }

#pragma unroll
  for (int half = 0; half < 2; half++) {
    float sum = total[half];
    sum += __shfl_xor_sync(warpLanes, sum, 1);
    sum += __shfl_xor_sync(warpLanes, sum, 2);
    float scale = 1 / sum;
    u32 row = firstQuery + warp * 16 + half * 8 + lane / 4;
    if (row >= length) continue;
    E* to = out + ((u64)item.x + row) * H + blockIdx.y * D + lane % 4 * 2;
#pragma unroll
    for (int j = 0; j < outTiles; j++) *(u32*)(to + j * 8) = pack<E>(sums[j][half * 2] * scale, sums[j][half * 2 + 1] * scale);
  }
}

#define ATTENTION(E, D, blocks)                                                                                   \
  extern "C" __global__ void __launch_bounds__(128, blocks)                                                       \
      attention_##E##_##D(E* out, const E* qkv, const int4* work, u64 H) {                                        \
    attention<E, D>(out, qkv, work, H);                                                                           \
  }                                                                                                               \
  KERNEL(attention_##E##_##D)
#define ATTENTIONS(E)  \
  ATTENTION(E, 16, 4)  \
  ATTENTION(E, 24, 4)  \
  ATTENTION(E, 32, 4)  \
  ATTENTION(E, 64, 3)  \
  ATTENTION(E, 128, 2)
ATTENTIONS(bf16)
ATTENTIONS(f16)
