// rotary_table: table[p, i] = cosine and sine of p·frequencies[i], rounded from f64. Once for the longest sequence of a
// run.
//
// rotary: adds the bias to products [T, 3H] = x·wᵀ, multiplies the queries by 1/sqrt(D), and rotates queries and keys; in
// f32, one rounding at the end. For products that gemm_qkv did not make.
//
//   qkv       [T, pitch] E in place; thirds of H columns: queries, keys, values
//   bias      [3H] f32
//   table     [P, D/2, 2] f32
//   positions [T] i32, inside the token's own sequence
//
// One block a token; a thread takes a pair, or two values. Limited by bytes: 12·H a token read and written in bf16.
// Expected, not measured: 80 % of the copy rate.
#include "device.cuh"

extern "C" __global__ void __launch_bounds__(256) rotary_table(float* table, const float* frequencies, u64 positions, u64 half) {
  u64 at = (u64)blockIdx.x * 256 + threadIdx.x;
  if (at >= positions * half) return;
  f64 angle = (f64)(at / half) * (f64)frequencies[at % half];  // exact: 24 bits of frequency, fewer than 29 of position
  table[2 * at] = (float)cos(angle);
  table[2 * at + 1] = (float)sin(angle);
}
KERNEL(rotary_table)

template <class E>
DEVICE void rotary(E* qkv, const float* bias, const float* table, const i32* positions, u64 H, u64 pitch, u64 D) {
  u64 token = blockIdx.x;
  u32 hidden = (u32)H, dim = (u32)D, half = dim / 2;
  E* row = qkv + token * pitch;
  table += (u64)positions[token] * dim;
  float scale = 1 / sqrtf((float)dim);
  for (u32 pair = threadIdx.x; pair < hidden + hidden / 2; pair += 256) {
    u32 i = pair % half, head = pair / half, first = head * dim + i, second = first + half;
    float a = widen(row[first]) + bias[first], b = widen(row[second]) + bias[second];
    if (first < 2 * hidden) {
      if (first < hidden) a *= scale, b *= scale;
      float cosine = table[2 * i], sine = table[2 * i + 1], turned = a * cosine - b * sine;
      b = b * cosine + a * sine;
      a = turned;
    }
    row[first] = narrow<E>(a);
    row[second] = narrow<E>(b);
  }
}

#define ROTARY(name, E)                                                                                           \
  extern "C" __global__ void __launch_bounds__(256)                                                               \
      name(E* qkv, const float* bias, const float* table, const i32* positions, u64 T, u64 H, u64 pitch, u64 D) { \
    rotary(qkv, bias, table, positions, H, pitch, D);                                                             \
  }                                                                                                               \
  KERNEL(name)
ROTARY(rotary_bf16, bf16)
ROTARY(rotary_f16, f16)
ROTARY(rotary_f32, float)
