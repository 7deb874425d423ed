// gelu(x) = x/2·(1 + erf(x/√2)), which is ESM-2's; not its tanh form.
#pragma once
#include "device.cuh"

// geluOf is for results of 16 bits: erfc by formula 7.1.26 of Abramowitz and Stegun, within 1.5e-7 of it, as a product that
// keeps its relative precision where erf is near -1; about 12 multiplications and two special functions.
template <class E>
DEVICE float geluOf(float x) {
  float z = fabsf(x) * 0.70710678f;
  float t = reciprocal(fmaf(0.3275911f, z, 1.0f));
  float series = t * fmaf(t, fmaf(t, fmaf(t, fmaf(t, 1.061405429f, -1.453152027f), 1.421413741f), -0.284496736f), 0.254829592f);
  float tail = 0.5f * x * series * powerOfTwo(-1.44269504f * z * z);  // x/2·erfc(z)
  return x < 0 ? tail : x - tail;
}

template <>
DEVICE float geluOf<float>(float x) { return 0.5f * x * (1 + erff(x * 0.70710678f)); }
