// The instructions of sm_90a alone: barriers in shared memory that count bytes, tiles copied by the tensor memory
// accelerator, and multiplications by groups of four warps. Addresses are those of the shared window, not offsets.
#pragma once
#include "device.cuh"

#ifdef LONGFIRST_STANDIN
#include "../standin/hopper.h"
#else

// Map is a CUtensorMap: a matrix in memory and the tile that one copy moves.
struct alignas(64) Map { u64 opaque[16]; };

// readsMap makes what the host wrote to a map in global memory visible to the copies of this thread.
DEVICE void readsMap(const Map* map) { asm volatile("fence.proxy.tensormap::generic.acquire.sys [%0], 128;" ::"l"(map) : "memory"); }

// A barrier's phase ends when so many arrivals and all expected bytes are there; phases alternate in parity.
DEVICE void initBarrier(u32 barrier, u32 arrivals) { asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory"); }
DEVICE void publishBarriers() { asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory"); }
DEVICE void arrive(u32 barrier) { asm volatile("mbarrier.arrive.release.cta.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory"); }
DEVICE void arriveExpecting(u32 barrier, u32 bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes) : "memory");
}
// awaitPhase returns once the phase of that parity has ended; a fresh barrier's phase of parity 1 has.
DEVICE void awaitPhase(u32 barrier, u32 parity) {
  asm volatile(
      "{ .reg .pred done; again%=: mbarrier.try_wait.parity.acquire.cta.shared::cta.b64 done, [%0], %1; @!done bra again%=; }" ::"r"(barrier),
      "r"(parity) : "memory");
}

// copyTile copies the tile at (column, row) of a map to shared memory and counts its bytes, those outside of the matrix
// too, which are zeros, at the barrier.
DEVICE void copyTile(u32 to, const Map* map, u32 column, u32 row, u32 barrier) {
  asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4}], [%2];" ::"r"(to),
               "l"(map), "r"(barrier), "r"(column), "r"(row) : "memory");
}
// storeTile copies from shared memory; what lies outside of the matrix is dropped. All who wrote the tile must have
// called publishShared and met at a barrier before.
DEVICE void storeTile(const Map* map, u32 column, u32 row, u32 from) {
  asm volatile("cp.async.bulk.tensor.2d.global.shared::cta.tile.bulk_group [%0, {%2, %3}], [%1];" ::"l"(map), "r"(from), "r"(column), "r"(row) : "memory");
  asm volatile("cp.async.bulk.commit_group;" ::: "memory");
}
DEVICE void publishShared() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }
DEVICE void awaitStoresRead() { asm volatile("cp.async.bulk.wait_group.read 0;" ::: "memory"); }
DEVICE void awaitStores() { asm volatile("cp.async.bulk.wait_group 0;" ::: "memory"); }

// meet is a barrier of a group of 128 threads; number 0 is __syncthreads'.
DEVICE void meet(u32 number) { asm volatile("bar.sync %0, 128;" ::"r"(number) : "memory"); }

// storeMatrix4 stores 8x8 matrices; lanes 8i..8i+7 give the addresses of the rows of matrix i.
DEVICE void storeMatrix4(u32 to, u32 a, u32 b, u32 c, u32 d) {
  asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1,%2,%3,%4};" ::"r"(to), "r"(a), "r"(b), "r"(c), "r"(d) : "memory");
}

template <u32 registers>
DEVICE void giveRegisters() { asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(registers)); }
template <u32 registers>
DEVICE void takeRegisters() { asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(registers)); }

DEVICE void beginMultiplication() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
DEVICE void commitMultiplication() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
template <int inFlight>
DEVICE void awaitMultiplication() { asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(inFlight) : "memory"); }

// multiplyGroup adds 16 products to the [64, 256] sums of four warps, asynchronously: warp i has rows 16i to 16i+15, laid
// out over d as by multiplyAdd, 8 columns every 4 registers.
template <class E>
DEVICE void multiplyGroup(float (&d)[128], u64 left, u64 right);
#define FOUR(i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define SIXTEEN(i) FOUR(i), FOUR(i + 4), FOUR(i + 8), FOUR(i + 12)
#define MULTIPLY_GROUP(E)                                                                                         \
  template <>                                                                                                     \
  DEVICE void multiplyGroup<E>(float (&d)[128], u64 left, u64 right) {                                            \
    asm volatile("wgmma.mma_async.sync.aligned.m64n256k16.f32." #E "." #E " {"                                    \
                 "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "                         \
                 "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "               \
                 "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "               \
                 "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, "               \
                 "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, "               \
                 "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, "               \
                 "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, "   \
                 "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127" \
                 "}, %128, %129, 1, 1, 1, 0, 0;"                                                                  \
                 : SIXTEEN(0), SIXTEEN(16), SIXTEEN(32), SIXTEEN(48), SIXTEEN(64), SIXTEEN(80), SIXTEEN(96), SIXTEEN(112)\
                 : "l"(left), "l"(right));                                                                        \
  }
MULTIPLY_GROUP(bf16)
#endif

// operand describes a tile in shared memory to multiplyGroup: rows of 128 bytes whose 16-byte chunks are permuted by the
// row's number modulo 8 (the 128-byte swizzle, layout 1 in bits 62-63), 8 rows every 1024 bytes (64 in bits 32-45). Its
// address is in units of 16 bytes: 16 products further are 2 of them.
DEVICE u64 operand(u32 address) { return (u64)((address & 0x3ffff) >> 4) | 1ull << 16 | 64ull << 32 | 1ull << 62; }
