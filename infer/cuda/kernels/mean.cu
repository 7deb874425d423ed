// pooled[b] = the mean of x over the tokens of sequence b without its first (BOS) and last (EOS); zeros where there are
// none between them.
//
//   pooled     [B, width] f32, dense
//   x          [T, pitch] f32
//   cumulative [B+1] i32, the first token of each sequence, then T
//
// A block takes 128 columns of one sequence: warp w the tokens w, w+8, ... of it, each sum with its rounding error carried
// along (Kahan), so that proteins of 100,000 residues lose nothing. Limited by bytes: 4·pitch read a token. Expected, not
// measured: 85 % of the copy rate; the longest sequence of a batch sets the tail.
#include "device.cuh"

// Sum carries what rounding took away.
struct Sum {
  float sum, lost;
  DEVICE void add(float v) {
    float corrected = v - lost, next = sum + corrected;
    lost = (next - sum) - corrected;
    sum = next;
  }
};

extern "C" __global__ void __launch_bounds__(256) mean_f32(float* pooled, const float* x, const i32* cumulative, u64 width, u64 pitch) {
  u32 sequence = blockIdx.x, lane = threadIdx.x % 32, warp = threadIdx.x / 32, column = blockIdx.y * 128 + lane * 4;
  i32 first = cumulative[sequence] + 1, last = cumulative[sequence + 1] - 1;
  Sum sums[4] = {};
  if (column < pitch)
    for (i32 token = first + (i32)warp; token < last; token += 8) {
      float4 v = loadFour(x + (u64)token * pitch + column);
      sums[0].add(v.x), sums[1].add(v.y), sums[2].add(v.z), sums[3].add(v.w);
    }
  Shared<float> parts{0};  // [8][128]
#pragma unroll
  for (int i = 0; i < 4; i++) parts[warp * 128 + lane * 4 + i] = sums[i].sum;
  __syncthreads();
  column = blockIdx.y * 128 + threadIdx.x;
  if (threadIdx.x >= 128 || column >= width) return;
  float sum = 0;
#pragma unroll
  for (u32 w = 0; w < 8; w++) sum += parts[w * 128 + threadIdx.x];
  pooled[sequence * width + column] = last > first ? sum / (float)(last - first) : 0;
}
KERNEL(mean_f32)
