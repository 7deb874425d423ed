// attention in f32 on the FMA units, for heads of any size up to 128: --compute f32.
//
//   out  [T, outPitch] f32
//   qkv  [T, qkvPitch] f32: thirds of H columns
//   work [items, 4] i32: first token of the sequence, its tokens, first query within it, 0
//
// A block takes 64 queries of one sequence and head, four lanes each, and goes over the keys 32 at a time from the
// sequence's first token on. Limited by shared memory: two reads for each multiplication. Expected, not measured: 15 % of
// the peak of the FMA units, which suffices for what it is for, checking the others.
#include "device.cuh"

const int tileQueries = 64, tileKeys = 32;

// widest is the largest D it serves.
template <int widest>
DEVICE void attention(float* out, const float* qkv, const int4* work, u64 H, u64 D, u64 outPitch, u64 qkvPitch) {
  const u32 pitch = widest + 1, scorePitch = tileKeys + 1;
  Shared<float> query{0}, key{tileQueries * pitch * 4}, value{(tileQueries + tileKeys) * pitch * 4},
      probability{(tileQueries + tileKeys) * pitch * 4 + tileKeys * widest * 4};
  int4 item = work[blockIdx.x];
  u32 length = item.y, firstQuery = item.z, dim = (u32)D, row = threadIdx.x / 4, part = threadIdx.x % 4;
  const float* head = qkv + (u64)item.x * qkvPitch + blockIdx.y * D;

  for (u32 i = threadIdx.x; i < tileQueries * dim; i += 256) {
    u32 q = i / dim, d = i % dim;
    query[q * pitch + d] = firstQuery + q < length ? head[(firstQuery + q) * qkvPitch + d] : 0;
  }
  // This lane has every fourth key of a tile, and every fourth column of the output.
  float sums[widest / 4] = {}, largest = -1e30f, total = 0;
  for (u32 first = 0; first < length; first += tileKeys) {
    for (u32 i = threadIdx.x; i < tileKeys * dim; i += 256) {
      u32 k = i / dim, d = i % dim;
      const float* from = head + (u64)(first + k) * qkvPitch + d;
      key[k * pitch + d] = first + k < length ? from[H] : 0;
      value[k * widest + d] = first + k < length ? from[2 * H] : 0;
    }
    __syncthreads();
    float scores[tileKeys / 4], now = largest;
#pragma unroll
    for (u32 j = 0; j < tileKeys / 4; j++) {
      u32 k = j * 4 + part;
      float sum = 0;
      for (u32 d = 0; d < dim; d++) sum = fmaf(query[row * pitch + d], key[k * pitch + d], sum);
      scores[j] = first + k < length ? sum : -1e30f;
      now = fmaxf(now, scores[j]);
    }
    now = fmaxf(now, __shfl_xor_sync(warpLanes, now, 1));
    now = fmaxf(now, __shfl_xor_sync(warpLanes, now, 2));
    float shrink = expf(largest - now);
    largest = now;
    total *= shrink;
#pragma unroll
    for (int i = 0; i < widest / 4; i++) sums[i] *= shrink;
#pragma unroll
    for (u32 j = 0; j < tileKeys / 4; j++) {
      float p = expf(scores[j] - now);
      total += p;
      probability[row * scorePitch + j * 4 + part] = p;
    }
    __syncthreads();
    for (u32 k = 0; k < tileKeys; k++) {
      float p = probability[row * scorePitch + k];
#pragma unroll
      for (u32 i = 0; i < widest / 4; i++)
        if (i * 4 + part < dim) sums[i] = fmaf(p, value[k * widest + i * 4 + part], sums[i]);
    }
    __syncthreads();
  }
  total += __shfl_xor_sync(warpLanes, total, 1);
  total += __shfl_xor_sync(warpLanes, total, 2);
  if (firstQuery + row >= length) return;
  float* to = out + ((u64)item.x + firstQuery + row) * outPitch + blockIdx.y * D;
#pragma unroll
  for (u32 i = 0; i < widest / 4; i++)
    if (i * 4 + part < dim) to[i * 4 + part] = sums[i] / total;
  if (blockIdx.y == gridDim.y - 1 && part == 0)
    for (u64 c = D; blockIdx.y * D + c < outPitch; c++) to[c] = 0;
}

#define ATTENTION(widest)                                                                                         \
  extern "C" __global__ void __launch_bounds__(256)                                                               \
      attention_f32_##widest(float* out, const float* qkv, const int4* work, u64 H, u64 D, u64 outPitch, u64 qkvPitch) { \
    attention<widest>(out, qkv, work, H, D, outPitch, qkvPitch);                                                  \
  }                                                                                                               \
  KERNEL(attention_f32_##widest)
ATTENTION(32)
ATTENTION(64)
ATTENTION(128)
