// dst[i] = src[rows[i]], or src[i] where rows is null, converted: embeddings per residue without BOS and EOS, and
// activations of one type for an operation that wants the other.
//
//   dst  [count, dstPitch] To; columns from width on are zeros
//   src  [T, srcPitch] From
//   rows [count] i32, or null
//
// One warp a row. Limited by bytes. Expected, not measured: 80 % of the copy rate for rows of 512 bytes or more.
#include "device.cuh"

template <class From, class To>
DEVICE void gather(To* dst, const From* src, const i32* rows, u64 count, u64 width, u64 dstPitch, u64 srcPitch) {
  u64 row = (u64)blockIdx.x * 8 + threadIdx.x / 32;
  if (row >= count) return;
  src += (rows ? (u64)rows[row] : row) * srcPitch, dst += row * dstPitch;
  for (u64 c = threadIdx.x % 32; c < dstPitch; c += 32) dst[c] = narrow<To>(c < width ? widen(src[c]) : 0);
}

#define GATHER(name, From, To)                                                                                    \
  extern "C" __global__ void __launch_bounds__(256)                                                               \
      name(To* dst, const From* src, const i32* rows, u64 count, u64 width, u64 dstPitch, u64 srcPitch) {         \
    gather(dst, src, rows, count, width, dstPitch, srcPitch);                                                     \
  }                                                                                                               \
  KERNEL(name)
GATHER(gather_f32_f32, float, float)
GATHER(gather_f32_bf16, float, bf16)
GATHER(gather_f32_f16, float, f16)
GATHER(gather_bf16_f32, bf16, float)
GATHER(gather_f16_f32, f16, float)
