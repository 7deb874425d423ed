// x[t] = table[tokens[t]]·scale, the start of the residual stream.
//
//   x      [T, pitch] f32
//   table  [V, pitch] E; read once into the caches, V is 33
//   tokens [T] u8
//   scale  0.88 where the model has token dropout (fair-esm, esm/model/esm2.py), else 1
//
// A thread writes 4 columns. Limited by bytes: 4·pitch written a token. Expected, not measured: 85 % of the copy rate or
// more; it runs once a batch.
#include "device.cuh"

template <class E>
DEVICE void embed(float* x, const E* table, const u8* tokens, u64 T, u64 pitch, f64 scale) {
  u64 at = ((u64)blockIdx.x * 256 + threadIdx.x) * 4;
  if (at >= T * pitch) return;
  u64 token = at / pitch, column = at % pitch;
  float4 v = loadFour(table + tokens[token] * pitch + column);
  float s = (float)scale;
  storeFour(x + at, make_float4(v.x * s, v.y * s, v.z * s, v.w * s));
}

#define EMBED(name, E)                                                                                            \
  extern "C" __global__ void __launch_bounds__(256)                                                               \
      name(float* x, const E* table, const u8* tokens, u64 T, u64 pitch, f64 scale) {                             \
    embed(x, table, tokens, T, pitch, scale);                                                                     \
  }                                                                                                               \
  KERNEL(name)
EMBED(embed_bf16, bf16)
EMBED(embed_f16, f16)
EMBED(embed_f32, float)
