// Rotary positions (RoFormer, arXiv:2104.09864) in the half-split form: dimension i of a head is paired with i + D/2 and
// turned by position·frequency[i] radians.
#pragma once
#include "device.cuh"

// turn rotates the 4 pairs (a, b); table holds cosine and sine of their angles.
DEVICE void turn(float4& a, float4& b, const float* table) {
  float4 low = loadFour(table), high = loadFour(table + 4);
  float4 cosine = make_float4(low.x, low.z, high.x, high.z), sine = make_float4(low.y, low.w, high.y, high.w);
  float4 first = a;
  a = make_float4(a.x * cosine.x - b.x * sine.x, a.y * cosine.y - b.y * sine.y, a.z * cosine.z - b.z * sine.z, a.w * cosine.w - b.w * sine.w);
  b = make_float4(b.x * cosine.x + first.x * sine.x, b.y * cosine.y + first.y * sine.y, b.z * cosine.z + first.z * sine.z, b.w * cosine.w + first.w * sine.w);
}

DEVICE float4 plus(float4 a, float4 b) { return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w); }
DEVICE float4 times(float4 a, float s) { return make_float4(a.x * s, a.y * s, a.z * s, a.w * s); }
