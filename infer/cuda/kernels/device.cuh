// What the kernels take from the machine: types, shared memory, asynchronous copies and tensor-core instructions. All
// inline assembly of the sm_80 kernels is here; the stand-in has the same names on a CPU. Shared memory is addressed by
// byte offsets from its start.
#pragma once
#ifdef LONGFIRST_STANDIN
#include "../standin/device.h"
#else

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef double f64;

#define DEVICE __device__ __forceinline__
#define KERNEL(name)

struct bf16 { u16 bits; };
struct f16 { u16 bits; };

extern __shared__ __align__(1024) u8 sharedMemory[];

DEVICE u32 sharedAddress(u32 offset) { return (u32)__cvta_generic_to_shared(sharedMemory) + offset; }

// Shared is a view of shared memory.
template <class T>
struct Shared {
  u32 address;
  DEVICE T& operator[](u32 i) const { return *(T*)(sharedMemory + address + i * sizeof(T)); }
};

// copyAsync16 copies 16 bytes, or writes zeros where there are none; the address must be a valid one all the same.
DEVICE void copyAsync16(u32 to, const void* from, bool present) {
  asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;" ::"r"(sharedAddress(to)), "l"(from), "r"(present ? 16 : 0) : "memory");
}
DEVICE void commitCopies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int inFlight>
DEVICE void waitCopies() { asm volatile("cp.async.wait_group %0;" ::"n"(inFlight) : "memory"); }

// loadMatrixN loads N 8x8 matrices; lanes 8i..8i+7 give the addresses of the rows of matrix i.
DEVICE void loadMatrix4(u32 (&r)[4], u32 address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(sharedAddress(address)) : "memory");
}
DEVICE void loadMatrix4Transposed(u32 (&r)[4], u32 address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(sharedAddress(address)) : "memory");
}
DEVICE void loadMatrix2Transposed(u32 (&r)[2], u32 address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];" : "=r"(r[0]), "=r"(r[1]) : "r"(sharedAddress(address)) : "memory");
}

// multiplyAdd is c += a·b for a [16,16], b [16,8]: rows lane/4 and lane/4+8, columns 2(lane%4) and the next of c.
template <class E>
DEVICE void multiplyAdd(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1);
#define MULTIPLY_ADD(E)                                                                                        \
  template <>                                                                                                  \
  DEVICE void multiplyAdd<E>(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) {                               \
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32." #E "." #E ".f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};" \
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])                                              \
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));                              \
  }
MULTIPLY_ADD(bf16)
MULTIPLY_ADD(f16)

DEVICE float widen(float v) { return v; }
DEVICE float widen(bf16 v) { return __uint_as_float((u32)v.bits << 16); }
DEVICE float widen(f16 v) {
  float f;
  asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(v.bits));
  return f;
}

// narrow rounds to nearest even.
template <class E>
DEVICE E narrow(float v);
template <>
DEVICE float narrow<float>(float v) { return v; }
template <>
DEVICE bf16 narrow<bf16>(float v) {
  bf16 r;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(r.bits) : "f"(v));
  return r;
}
template <>
DEVICE f16 narrow<f16>(float v) {
  f16 r;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(r.bits) : "f"(v));
  return r;
}

// pack rounds two values to neighbours in memory.
template <class E>
DEVICE u32 pack(float low, float high);
template <>
DEVICE u32 pack<bf16>(float low, float high) {
  u32 r;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
  return r;
}
template <>
DEVICE u32 pack<f16>(float low, float high) {
  u32 r;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
  return r;
}

// powerOfTwo is 2^x to about 2 units in the last place; subnormal results are 0.
DEVICE float powerOfTwo(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// reciprocal is 1/x to 1 unit in the last place.
DEVICE float reciprocal(float x) {
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

template <class T>
DEVICE T smaller(T a, T b) { return a < b ? a : b; }

#endif

// four holds neighbouring elements of a row; its address is aligned to their size.
template <class E>
DEVICE float4 loadFour(const E* from) {
  struct alignas(4 * sizeof(E)) Four { E v[4]; };
  Four four = *(const Four*)from;
  return make_float4(widen(four.v[0]), widen(four.v[1]), widen(four.v[2]), widen(four.v[3]));
}
template <class E>
DEVICE void storeFour(E* to, float4 v) { *(uint2*)to = make_uint2(pack<E>(v.x, v.y), pack<E>(v.z, v.w)); }
template <>
DEVICE void storeFour<float>(float* to, float4 v) { *(float4*)to = v; }

const u32 warpLanes = 0xffffffffu;

DEVICE float sumOverWarp(float v) {
  for (int mask = 16; mask; mask >>= 1) v += __shfl_xor_sync(warpLanes, v, mask);
  return v;
}
