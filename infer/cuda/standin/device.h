// The device side of the stand-in: what kernels/device.cuh takes from a GPU, on a CPU. The same .cu files are compiled by
// g++ with LONGFIRST_STANDIN defined; every thread of a block is a fiber, and blocks run one after the other.
//
// It is stricter than a GPU. Shared memory starts out as NaN; asynchronous copies arrive when they are waited for and not
// before; a word of shared memory that two warps touch without a barrier between them, one of them writing, ends the
// launch with an error, in whatever order the warps happened to run. It says nothing of speed, of the rounding inside a
// tensor core, or of the order of accesses to global memory. x86-64 only.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;
typedef int32_t i32;
typedef double f64;

#define __global__
#define __launch_bounds__(...)
#define DEVICE inline

struct float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(16) uint4 { u32 x, y, z, w; };
struct alignas(16) int4 { i32 x, y, z, w; };
struct uint2 { u32 x, y; };
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint2 make_uint2(u32 x, u32 y) { return {x, y}; }

namespace standin {

struct Dim { u32 x, y, z; };

// launch runs a kernel; args are pointers to its 8-byte slots. It returns "" or what the kernel did wrong. One launch
// runs at a time, whatever the threads that ask.
std::string launch(const std::string& name, Dim grid, Dim block, u32 sharedBytes, void* const* args);

// find says whether there is a kernel of that name.
bool find(const std::string& name);

// slots returns how many arguments a kernel that there is takes.
u32 slots(const std::string& name);

// conflicts is how many times more than needed the last launch's ldmatrix went to shared memory: 0 without bank conflicts.
u64 conflicts();

// shuffle makes the order in which warps run another one; the kernels' results must not notice.
void shuffle(u64 seed);

// What follows is for the kernels.

struct Copy { u32 to; const void* from; };  // 16 bytes; zeros where from is null

struct Thread {
  Dim index;
  u32 warp, lane;
  void* stack;  // saved pointer
  u8 state;
  void* operand;  // of the collective it waits in
  std::vector<Copy> open;                // copies issued since the last commit
  std::vector<std::vector<Copy>> groups;  // committed, oldest first
};

extern Thread* self;
extern Dim blockIndex, blockSize, gridSize;
extern u8* shared;

void barrier();
// collective runs op once all lanes of the warp are there, on what they brought.
typedef void (*Op)(void* const operands[32]);
void collective(Op op, void* operand);
[[noreturn]] void fail(const char* what);

// poll lets others run: the thread waits for what another one does, and looks again. moved notes that something happened that
// may be waited for; when all wait and nothing does, the launch fails.
void poll();
void moved();
u64 blockNumber();   // of all there have been
u32 sharedBytes();
void checkEnd();     // of a thread: nothing of Hopper's is in flight

void readShared(u32 address, u32 bytes);   // checks, before an access
void writeShared(u32 address, u32 bytes);
void copyAsync(u32 to, const void* from);
void commitCopies();
void waitCopies(u32 inFlight);
void conflict(const u32 addresses[8]);

typedef void (*Call)(void* const* args);
struct Registration { Registration(const char* name, Call, u32 slots); };
template <class... A> constexpr u32 count(void (*)(A...)) { return sizeof...(A); }
template <class... A, size_t... I>
void unpack(void (*kernel)(A...), void* const* args, std::index_sequence<I...>) { kernel(*(A*)args[I]...); }
template <class... A>
void apply(void (*kernel)(A...), void* const* args) { unpack(kernel, args, std::index_sequence_for<A...>()); }

}  // namespace standin

// KERNEL follows each entry point's definition.
#define KERNEL(name) static standin::Registration registration_##name(#name, [](void* const* args) { standin::apply(name, args); }, standin::count(name));

#define threadIdx (standin::self->index)
#define blockIdx standin::blockIndex
#define blockDim standin::blockSize
#define gridDim standin::gridSize

inline void __syncthreads() { standin::barrier(); }

namespace standin {
struct Exchange { u32 value, from, result; };
inline void exchange(void* const operands[32]) {
  for (int i = 0; i < 32; i++) {
    auto* e = (Exchange*)operands[i];
    e->result = ((Exchange*)operands[e->from])->value;
  }
}
}  // namespace standin
inline float __shfl_xor_sync(u32, float value, int mask) {
  standin::Exchange e{0, standin::self->lane ^ mask, 0};
  memcpy(&e.value, &value, 4);
  standin::collective(standin::exchange, &e);
  memcpy(&value, &e.result, 4);
  return value;
}
namespace standin {
struct Vote { int value; int result; };
inline void any(void* const operands[32]) {
  int value = 0;
  for (int i = 0; i < 32; i++) value |= ((Vote*)operands[i])->value;
  for (int i = 0; i < 32; i++) ((Vote*)operands[i])->result = value;
}
}  // namespace standin
inline int __any_sync(u32, int value) {
  standin::Vote v{value != 0, 0};
  standin::collective(standin::any, &v);
  return v.result;
}

// Shared is a view of shared memory.
template <class T>
struct Shared {
  u32 address;
  struct Element {
    u32 address;
    operator T() const { standin::readShared(address, sizeof(T)); return *(T*)(standin::shared + address); }
    const Element& operator=(T value) const { standin::writeShared(address, sizeof(T)); *(T*)(standin::shared + address) = value; return *this; }
    const Element& operator=(const Element& other) const { return *this = (T)other; }
  };
  Element operator[](u32 i) const { return {address + i * (u32)sizeof(T)}; }
};

inline void copyAsync16(u32 to, const void* from, bool present) { standin::copyAsync(to, present ? from : nullptr); }
inline void commitCopies() { standin::commitCopies(); }
template <int inFlight> void waitCopies() { standin::waitCopies(inFlight); }

struct bf16 { u16 bits; };
struct f16 { u16 bits; };

inline float widen(bf16 v) { u32 bits = (u32)v.bits << 16; float f; memcpy(&f, &bits, 4); return f; }
inline float widen(f16 v) { _Float16 h; memcpy(&h, &v, 2); return (float)h; }
inline float widen(float v) { return v; }
template <class E> E narrow(float v);
template <> inline float narrow<float>(float v) { return v; }
template <> inline f16 narrow<f16>(float v) { _Float16 h = (_Float16)v; f16 r; memcpy(&r, &h, 2); return r; }
template <> inline bf16 narrow<bf16>(float v) {
  u32 bits;
  memcpy(&bits, &v, 4);
  if (v != v) return {0x7fff};
  return {(u16)((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}
template <class E> u32 pack(float low, float high) { return narrow<E>(low).bits | (u32)narrow<E>(high).bits << 16; }

namespace standin {
struct LoadMatrix { u32 address; u32* result; int matrices; bool transposed; };
inline void loadMatrix(void* const operands[32]) {
  auto* first = (LoadMatrix*)operands[0];
  for (int m = 0; m < first->matrices; m++) {
    u16 matrix[8][8];
    u32 addresses[8];
    for (int r = 0; r < 8; r++) {
      addresses[r] = ((LoadMatrix*)operands[m * 8 + r])->address;
      if (addresses[r] % 16) fail("ldmatrix of a row that is not 16-byte aligned");
      readShared(addresses[r], 16);
      memcpy(matrix[r], shared + addresses[r], 16);
    }
    conflict(addresses);
    for (int l = 0; l < 32; l++) {
      auto* o = (LoadMatrix*)operands[l];
      int r = l / 4, c = l % 4 * 2;
      o->result[m] = o->transposed ? matrix[c][r] | (u32)matrix[c + 1][r] << 16 : matrix[r][c] | (u32)matrix[r][c + 1] << 16;
    }
  }
}
template <int n, bool transposed>
void loadMatrix(u32* result, u32 address) {
  LoadMatrix o{address, result, n, transposed};
  collective(loadMatrix, &o);
}
}  // namespace standin
inline void loadMatrix4(u32 (&r)[4], u32 address) { standin::loadMatrix<4, false>(r, address); }
inline void loadMatrix4Transposed(u32 (&r)[4], u32 address) { standin::loadMatrix<4, true>(r, address); }
inline void loadMatrix2Transposed(u32 (&r)[2], u32 address) { standin::loadMatrix<2, true>(r, address); }

namespace standin {
struct Multiply { float* c; const u32* a; u32 b[2]; };
template <class E>
void multiply(void* const operands[32]) {
  float a[16][16], b[8][16];
  auto spread = [](float* to, u32 pair) { to[0] = widen(E{(u16)pair}); to[1] = widen(E{(u16)(pair >> 16)}); };
  for (int l = 0; l < 32; l++) {
    auto* o = (Multiply*)operands[l];
    int r = l / 4, k = l % 4 * 2;
    spread(&a[r][k], o->a[0]), spread(&a[r + 8][k], o->a[1]), spread(&a[r][k + 8], o->a[2]), spread(&a[r + 8][k + 8], o->a[3]);
    spread(&b[r][k], o->b[0]), spread(&b[r][k + 8], o->b[1]);
  }
  for (int l = 0; l < 32; l++) {
    auto* o = (Multiply*)operands[l];
    for (int i = 0; i < 4; i++) {
      int r = l / 4 + i / 2 * 8, n = l % 4 * 2 + i % 2;
      float sum = 0;
      for (int k = 0; k < 16; k++) sum += a[r][k] * b[n][k];
      o->c[i] += sum;
    }
  }
}
}  // namespace standin
template <class E>
void multiplyAdd(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) {
  standin::Multiply o{c, a, {b0, b1}};
  standin::collective(standin::multiply<E>, &o);
}

inline float powerOfTwo(float x) { return exp2f(x); }
inline float reciprocal(float x) { return 1 / x; }
template <class T> T smaller(T a, T b) { return a < b ? a : b; }
