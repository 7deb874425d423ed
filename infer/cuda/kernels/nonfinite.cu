// flags[i] = 1 where x[i] holds NaN or Inf, else 0.
//
//   flags [rows] i32
//   x     [rows, width] f32, dense
//
// One warp a row. Limited by bytes: 4·width read a row; pooled rows are few, so it is lost in the launch.
#include "device.cuh"

extern "C" __global__ void __launch_bounds__(256) nonfinite_f32(i32* flags, const float* x, u64 rows, u64 width) {
  u64 row = (u64)blockIdx.x * 8 + threadIdx.x / 32;
  if (row >= rows) return;
  int found = 0;
  for (u64 c = threadIdx.x % 32; c < width; c += 32) {
    float v = x[row * width + c];
    found |= !(v - v == 0);  // NaN - NaN and Inf - Inf are NaN
  }
  found = __any_sync(warpLanes, found);
  if (threadIdx.x % 32 == 0) flags[row] = found != 0;
}
KERNEL(nonfinite_f32)
