// What kernels/hopper.cuh takes from Hopper, on a CPU: barriers that count bytes, tiles copied in the background, and
// multiplications by groups of four warps, with the same names.
//
// Everything in the background happens as late as it may: a tile arrives when a thread looks at its barrier, a
// multiplication is done when it is waited for, a store when its buffer is to be used again. So a wait that is missing or one
// step short changes the result, or ends the launch. Descriptors and the swizzle are decoded as the PTX manual says. It
// says nothing of the order of accesses to shared memory that no barrier orders, or of the fences between the two ways to
// memory but for publishShared.
#pragma once
#include "device.h"

struct alignas(64) Map { u64 opaque[16]; };

namespace standin {

// encodeMap describes a matrix of 16-bit elements, rows of `columns` every `pitch` bytes, and the tile that one copy moves,
// whose rows of 128 bytes are permuted as by the 128-byte swizzle.
void encodeMap(Map* map, const void* matrix, u64 columns, u64 rows, u64 pitch, u32 boxColumns, u32 boxRows);

void initBarrier(u32 barrier, u32 arrivals);
void arrive(u32 barrier, u64 bytes);
void awaitPhase(u32 barrier, u32 parity);
void copyTile(u32 to, const Map* map, u32 column, u32 row, u32 barrier);
void storeTile(const Map* map, u32 column, u32 row, u32 from);
void publishShared();
void awaitStores();
void meet(u32 number, u32 threads);
void storeMatrix(void* const operands[32]);
struct StoreMatrix { u32 address; u32 values[4]; };

// A multiplication of a [64, 16] and a [256, 16] tile, given by descriptors; widen makes a float of an element.
void multiply(float* sums, u64 left, u64 right, float (*widen)(u16));
void commitMultiplication();
void awaitMultiplication(u32 inFlight);

}  // namespace standin

inline u32 sharedAddress(u32 offset) { return offset; }
inline void readsMap(const Map*) {}
inline void initBarrier(u32 barrier, u32 arrivals) { standin::initBarrier(barrier, arrivals); }
inline void publishBarriers() {}
inline void arrive(u32 barrier) { standin::arrive(barrier, 0); }
inline void arriveExpecting(u32 barrier, u32 bytes) { standin::arrive(barrier, bytes); }
inline void awaitPhase(u32 barrier, u32 parity) { standin::awaitPhase(barrier, parity); }
inline void copyTile(u32 to, const Map* map, u32 column, u32 row, u32 barrier) { standin::copyTile(to, map, column, row, barrier); }
inline void storeTile(const Map* map, u32 column, u32 row, u32 from) { standin::storeTile(map, column, row, from); }
inline void publishShared() { standin::publishShared(); }
inline void awaitStoresRead() { standin::awaitStores(); }
inline void awaitStores() { standin::awaitStores(); }
inline void meet(u32 number) { standin::meet(number, 128); }
inline void storeMatrix4(u32 to, u32 a, u32 b, u32 c, u32 d) {
  standin::StoreMatrix o{to, {a, b, c, d}};
  standin::collective(standin::storeMatrix, &o);
}
template <u32 registers> void giveRegisters() {}
template <u32 registers> void takeRegisters() {}
inline void beginMultiplication() {}
inline void commitMultiplication() { standin::commitMultiplication(); }
template <int inFlight> void awaitMultiplication() { standin::awaitMultiplication(inFlight); }
template <class E>
void multiplyGroup(float (&d)[128], u64 left, u64 right) {
  standin::multiply(d, left, right, [](u16 bits) { return widen(E{bits}); });
}
