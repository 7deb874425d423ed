// Descriptions of matrices for the tensor memory accelerator.
#include "driver.h"
#include "hopper.h"

using namespace standin;

// cuTensorMapEncodeTiled takes what kernels/gemm90.cuh needs: matrices of bf16 with the 128-byte swizzle, checked as the
// driver's documentation says.
ENTRY Result cuTensorMapEncodeTiled(Map* map, int type, u32 rank, void* matrix, const uint64_t* sizes, const uint64_t* pitches,
                                    const u32* box, const u32* every, int interleave, int swizzle, int, int fill) {
  HELD
  const int bf16 = 9, swizzle128 = 3;
  if (current().major < 9 || type != bf16 || rank != 2 || interleave || swizzle != swizzle128 || fill) return invalidValue;
  if ((uintptr_t)map % 64 || (uintptr_t)matrix % 16 || !sizes[0] || !sizes[1] || sizes[0] >> 32 || sizes[1] >> 32) return invalidValue;
  if (pitches[0] % 16 || pitches[0] < sizes[0] * 2 || pitches[0] >> 40 || every[0] != 1 || every[1] != 1) return invalidValue;
  if (!box[0] || box[0] * 2 > 128 || box[0] * 2 % 16 || !box[1] || box[1] > 256) return invalidValue;
  if (!onDevice(matrix, (sizes[1] - 1) * pitches[0] + sizes[0] * 2)) return invalidValue;
  encodeMap(map, matrix, sizes[0], sizes[1], pitches[0], box[0], box[1]);
  return success;
}
