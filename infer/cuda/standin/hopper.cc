// Hopper's barriers, copies and multiplications; hopper.h says how they differ from a GPU's.
#include "hopper.h"

#include <map>

namespace standin {
namespace {

constexpr u64 magic = 0x50414d524f534e45;

// Matrix is what a map holds.
struct Matrix {
  u64 magic;
  const u8* at;
  u64 columns, rows, pitch;
  u32 boxColumns, boxRows;
};
static_assert(sizeof(Matrix) <= sizeof(Map));

struct Barrier {
  u32 arrivals, missing;
  u64 bytes;  // expected and not there yet
  u32 phase;
};
struct Pending {
  Matrix matrix;
  u32 column, row, shared, barrier;
};
struct Product {
  float* sums;
  u64 left, right;
  float (*widen)(u16);
};
struct Group {  // of threads that meet
  u32 arrived, round;
};

u64 block;  // whose state this is
std::map<u32, Barrier> barriers;
std::vector<Pending> copies;
std::vector<bool> inFlight;  // 16 bytes of shared memory
std::map<u32, std::vector<Pending>> stores;                 // of a thread
std::map<u32, std::vector<u32>> unpublished;                // 16 bytes each, that a thread wrote
std::map<u32, std::vector<std::vector<Product>>> products;  // of a thread, by group, the open one last
std::map<u32, Group> groups;

// fresh forgets what an earlier block left.
void fresh() {
  if (block == blockNumber()) return;
  block = blockNumber();
  barriers.clear(), copies.clear(), stores.clear(), unpublished.clear(), products.clear(), groups.clear();
  inFlight.assign(sharedBytes() / 16 + 1, false);
}

u32 thread() { return self->index.x; }

Matrix matrixOf(const Map* map) {
  Matrix m;
  if ((uintptr_t)map % 64) fail("a tensor map that is not 64-byte aligned");
  memcpy(&m, map, sizeof m);
  if (m.magic != magic) fail("what is no tensor map is used as one");
  return m;
}

// swizzled is where 16 bytes of a tile with rows of 128 bytes are.
u32 swizzled(u32 address) { return address ^ (address >> 7 & 7) << 4; }

void checkTile(u32 address, const Matrix& m) {
  if (address % 1024) fail("a tile in shared memory that is not 1024-byte aligned");
  if (address + m.boxRows * 128 > sharedBytes()) fail("a tile behind the end of shared memory");
}

Barrier& barrierAt(u32 address) {
  fresh();
  auto b = barriers.find(address);
  if (b == barriers.end()) fail("a barrier that was not initialised");
  return b->second;
}

void complete(Barrier& b) {
  if (b.missing || b.bytes) return;
  b.phase++, b.missing = b.arrivals;
  moved();
}

// each calls f with the parts of 16 bytes of a tile: in shared memory, and where in the matrix, null outside.
template <class F>
void each(const Pending& p, F f) {
  const Matrix& m = p.matrix;
  for (u32 r = 0; r < m.boxRows; r++)
    for (u32 c = 0; c < m.boxColumns; c += 8) {
      u64 row = (u64)p.row + r, column = (u64)p.column + c;
      f(swizzled(p.shared + r * 128 + c * 2), row < m.rows && column < m.columns ? (u8*)m.at + row * m.pitch + column * 2 : nullptr,
        row < m.rows && column < m.columns ? (u32)std::min<u64>(8, m.columns - column) * 2 : 0);
    }
}

// deliver lets the tiles for a barrier arrive.
void deliver(u32 barrier) {
  for (size_t i = 0; i < copies.size();) {
    if (copies[i].barrier != barrier) {
      i++;
      continue;
    }
    Pending p = copies[i];
    copies.erase(copies.begin() + i);
    each(p, [](u32 to, u8* from, u32 bytes) {
      memset(shared + to, 0, 16);
      if (from) memcpy(shared + to, from, bytes);
      inFlight[to / 16] = false;
    });
    Barrier& b = barrierAt(barrier);
    u64 bytes = (u64)p.matrix.boxRows * p.matrix.boxColumns * 2;
    if (bytes > b.bytes) fail("more bytes arrive at a barrier than it expects");
    b.bytes -= bytes;
    complete(b);
  }
}

// element is one of an operand [rows, 16 and more] that a descriptor gives.
float element(u64 descriptor, u32 row, u32 k, float (*widen)(u16)) {
  u32 start = (u32)(descriptor & 0x3fff) << 4, stride = (u32)(descriptor >> 32 & 0x3fff) << 4;
  u32 at = swizzled(start + row / 8 * stride + row % 8 * 128 + k * 2);
  if (at + 2 > sharedBytes()) fail("an operand behind the end of shared memory");
  if (inFlight[at / 16]) fail("an operand that is still on its way is multiplied");
  u16 bits;
  memcpy(&bits, shared + at, 2);
  return widen(bits);
}

void multiplyNow(const Product& p) {
  if (p.left >> 62 != 1 || p.right >> 62 != 1 || (p.left | p.right) >> 49 & 7) fail("an operand without the 128-byte swizzle");
  u32 lane = thread() % 32, row = thread() / 32 % 4 * 16 + lane / 4;
  float a[2][16];
  for (int half = 0; half < 2; half++)
    for (u32 k = 0; k < 16; k++) a[half][k] = element(p.left, row + half * 8, k, p.widen);
  for (u32 j = 0; j < 32; j++)
    for (u32 i = 0; i < 2; i++) {
      u32 column = j * 8 + lane % 4 * 2 + i;
      float low = 0, high = 0;
      for (u32 k = 0; k < 16; k++) {
        float b = element(p.right, column, k, p.widen);
        low += a[0][k] * b, high += a[1][k] * b;
      }
      p.sums[j * 4 + i] += low, p.sums[j * 4 + 2 + i] += high;
    }
}

}  // namespace

void encodeMap(Map* map, const void* matrix, u64 columns, u64 rows, u64 pitch, u32 boxColumns, u32 boxRows) {
  Matrix m{magic, (const u8*)matrix, columns, rows, pitch, boxColumns, boxRows};
  memset(map, 0, sizeof *map);
  memcpy(map, &m, sizeof m);
}

void initBarrier(u32 barrier, u32 arrivals) {
  fresh();
  if (barrier % 8 || barrier + 8 > sharedBytes()) fail("a barrier that is not aligned or behind the end of shared memory");
  barriers[barrier] = {arrivals, arrivals, 0, 0};
}

void arrive(u32 barrier, u64 bytes) {
  Barrier& b = barrierAt(barrier);
  if (!b.missing) fail("more threads arrive at a barrier than it expects");
  b.missing--, b.bytes += bytes;
  complete(b);
}

void awaitPhase(u32 barrier, u32 parity) {
  for (;;) {
    deliver(barrier);
    if ((barrierAt(barrier).phase & 1) != parity) return moved();
    poll();
  }
}

void copyTile(u32 to, const Map* map, u32 column, u32 row, u32 barrier) {
  barrierAt(barrier);
  Pending p{matrixOf(map), column, row, to, barrier};
  checkTile(to, p.matrix);
  each(p, [](u32 at, u8*, u32) {
    if (inFlight[at / 16]) fail("a tile is copied to where another is on its way");
    inFlight[at / 16] = true;
  });
  copies.push_back(p);
}

void storeTile(const Map* map, u32 column, u32 row, u32 from) {
  fresh();
  Pending p{matrixOf(map), column, row, from, 0};
  checkTile(from, p.matrix);
  for (auto& [writer, places] : unpublished)
    for (u32 at : places)
      if (at >= from && at < from + p.matrix.boxRows * 128) fail("a tile is stored that a thread has not published");
  stores[thread()].push_back(p);
}

void publishShared() {
  fresh();
  unpublished[thread()].clear();
}

void awaitStores() {
  fresh();
  for (const Pending& p : stores[thread()])
    each(p, [](u32 from, u8* to, u32 bytes) {
      if (to) memcpy(to, shared + from, bytes);
    });
  stores[thread()].clear();
}

void meet(u32 number, u32 threads) {
  fresh();
  Group& g = groups[number];
  u32 round = g.round;
  if (++g.arrived == threads) {
    g.arrived = 0, g.round++;
    moved();
  }
  while (g.round == round) poll();
  moved();
}

void storeMatrix(void* const operands[32]) {
  fresh();
  for (u32 m = 0; m < 4; m++)
    for (u32 r = 0; r < 8; r++) {
      u32 to = ((StoreMatrix*)operands[m * 8 + r])->address;
      if (to % 16 || to + 16 > sharedBytes()) fail("stmatrix to a row that is not aligned or behind the end of shared memory");
      for (u32 i = 0; i < 4; i++) memcpy(shared + to + i * 4, &((StoreMatrix*)operands[r * 4 + i])->values[m], 4);
      unpublished[self->warp * 32 + m * 8 + r].push_back(to);
    }
}

void multiply(float* sums, u64 left, u64 right, float (*widen)(u16)) {
  fresh();
  auto& all = products[thread()];
  if (all.empty()) all.emplace_back();
  all.back().push_back({sums, left, right, widen});
}

void commitMultiplication() {
  fresh();
  products[thread()].emplace_back();
}

void awaitMultiplication(u32 inFlight) {
  fresh();
  auto& all = products[thread()];
  if (all.empty()) all.emplace_back();
  for (; all.size() > inFlight + 1; all.erase(all.begin()))
    for (const Product& p : all.front()) multiplyNow(p);
}

void checkEnd() {
  if (block != blockNumber()) return;  // a kernel that uses nothing of this
  if (!stores[thread()].empty()) fail("a thread ends with stores in flight");
  for (auto& group : products[thread()])
    if (!group.empty()) fail("a thread ends with multiplications in flight");
}

}  // namespace standin
