// y[t] = (x[t] - mean)/sqrt(variance + eps)·gain + bias, variance with divisor width (arXiv:1607.06450).
//
//   y          [T, pitch] E; may be x where E is f32
//   x          [T, pitch] f32
//   gain, bias [pitch] f32
//
// One warp a row, two for the widest; the row stays in registers between the two passes, so that the variance is that of
// differences from the mean. Columns from width to the pitch come out as zeros, as gain and bias hold zeros there. Limited by bytes: 4·pitch
// read and 2·pitch (bf16, f16) written a token. Expected, not measured: 90 % of the copy rate; at a batch of 16,896
// tokens much of x is still in the second-level cache.
#include "device.cuh"

// sumOverRow adds what the lanes of a row's warps hold; pass is 0 the first time and 1 the second.
template <int warps>
DEVICE float sumOverRow(float v, u32 pass) {
  v = sumOverWarp(v);
  if (warps == 1) return v;
  Shared<float> parts{pass * 32};  // [8], of each warp of the block
  u32 warp = threadIdx.x / 32;
  parts[warp] = v;
  __syncthreads();
  return parts[warp & ~1u] + parts[warp | 1u];
}

// perLane is how many groups of 4 columns a lane holds: the widest row is 128·perLane·warps.
template <class E, int perLane, int warps>
DEVICE void norm(E* y, const float* x, const float* gain, const float* bias, u64 T, u64 width, u64 pitch, f64 eps) {
  u64 token = (u64)blockIdx.x * (8 / warps) + threadIdx.x / (32 * warps);
  // Of this lane's first column: how many there are from it on, in the row and with the padding; none behind the last row.
  u32 own = threadIdx.x % (32 * warps) * 4;
  i32 columns = token < T ? (i32)width - (i32)own : 0, end = token < T ? (i32)pitch - (i32)own : 0;
  x += token * pitch + own, y += token * pitch + own, gain += own, bias += own;

  float4 v[perLane];
  float sum = 0;
#pragma unroll
  for (int i = 0; i < perLane; i++) {
    v[i] = i * 128 * warps < end ? loadFour(x + i * 128 * warps) : make_float4(0, 0, 0, 0);
    sum += (v[i].x + v[i].y) + (v[i].z + v[i].w);
  }
  float mean = sumOverRow<warps>(sum, 0) / (float)width;

  float squares = 0;
#pragma unroll
  for (int i = 0; i < perLane; i++) {
    v[i].x = i * 128 * warps < columns ? v[i].x - mean : 0;
    v[i].y = i * 128 * warps + 1 < columns ? v[i].y - mean : 0;
    v[i].z = i * 128 * warps + 2 < columns ? v[i].z - mean : 0;
    v[i].w = i * 128 * warps + 3 < columns ? v[i].w - mean : 0;
    squares += (v[i].x * v[i].x + v[i].y * v[i].y) + (v[i].z * v[i].z + v[i].w * v[i].w);
  }
  float scale = 1 / sqrtf(sumOverRow<warps>(squares, 1) / (float)width + (float)eps);

#pragma unroll
  for (int i = 0; i < perLane; i++)
    if (i * 128 * warps < end) {
      float4 g = loadFour(gain + i * 128 * warps), b = loadFour(bias + i * 128 * warps);
      storeFour(y + i * 128 * warps, make_float4(v[i].x * scale * g.x + b.x, v[i].y * scale * g.y + b.y,
                                         v[i].z * scale * g.z + b.z, v[i].w * scale * g.w + b.w));
    }
}

#define NORM(name, E, perLane, warps)                                                                             \
  extern "C" __global__ void __launch_bounds__(256)                                                               \
      name(E* y, const float* x, const float* gain, const float* bias, u64 T, u64 width, u64 pitch, f64 eps) {    \
    norm<E, perLane, warps>(y, x, gain, bias, T, width, pitch, eps);                                              \
  }                                                                                                               \
  KERNEL(name)
#define NORMS(suffix, E)                                                                                          \
  NORM(norm_##suffix##_512, E, 4, 1)                                                                              \
  NORM(norm_##suffix##_1280, E, 10, 1)                                                                            \
  NORM(norm_##suffix##_2560, E, 20, 1)                                                                            \
  NORM(norm_##suffix##_5120, E, 20, 2)
NORMS(bf16, bf16)
NORMS(f16, f16)
NORMS(f32, float)
