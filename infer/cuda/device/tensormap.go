//go:build cuda

package device

/*
#include <cuda.h>
#include <string.h>

// The driver wants a map 64-byte aligned, and Go aligns nothing so.
static CUresult encode(void *to, CUdeviceptr matrix, cuuint64_t columns, cuuint64_t rows, cuuint64_t pitch, cuuint32_t boxColumns, cuuint32_t boxRows) {
  CUtensorMap map;
  const cuuint64_t sizes[2] = {columns, rows}, pitches[1] = {pitch};
  const cuuint32_t box[2] = {boxColumns, boxRows}, every[2] = {1, 1};
  CUresult result = cuTensorMapEncodeTiled(&map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 2, (void *)matrix, sizes, pitches, box, every,
    CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  memcpy(to, &map, sizeof map);
  return result;
}
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// TensorMap describes a matrix of bf16 [Rows, Columns] on the GPU and the tile of it, BoxRows by BoxColumns, that its tensor
// memory accelerator copies at a time, with the 128-byte swizzle. Rows lie without gaps and are multiples of 16 bytes.
type TensorMap struct {
	Address             uint64
	Rows, Columns       int
	BoxRows, BoxColumns int
}

// TensorMapBytes is the size of a map; on the GPU its address is a multiple of 64.
const TensorMapBytes = int(unsafe.Sizeof(C.CUtensorMap{}))

// Encode writes the map as the GPU reads it.
func (c *Context) Encode(m TensorMap, to *[TensorMapBytes]byte) error {
	return c.do(fmt.Sprintf("describe a matrix [%d, %d] in tiles of [%d, %d]", m.Rows, m.Columns, m.BoxRows, m.BoxColumns), func() error {
		return check(C.encode(unsafe.Pointer(to), C.CUdeviceptr(m.Address), C.cuuint64_t(m.Columns), C.cuuint64_t(m.Rows), C.cuuint64_t(2*m.Columns),
			C.cuuint32_t(m.BoxColumns), C.cuuint32_t(m.BoxRows)))
	})
}
