// The scheduler of the stand-in: fibers, barriers, asynchronous copies, and the check of shared memory.
#include "device.h"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <random>

namespace standin {

Thread* self;
Dim blockIndex, blockSize, gridSize;
u8* shared;

namespace {

enum State : u8 { ready, inCollective, atBarrier, polling, done };

constexpr size_t stackBytes = 128 << 10;
constexpr u8 many = 255;

// Word is what happened to 4 bytes of shared memory; epochs count barriers.
struct Word {
  u64 written, read;  // epochs
  u8 writer, reader;  // warps, or many
  bool inFlight;
};

struct Warp { int arrived; Op op; };

std::mutex oneAtATime;
std::vector<Thread> threads;
std::vector<std::unique_ptr<u8[]>> stacks;
std::vector<Warp> warps;
std::vector<u8> memory;
std::vector<Word> words;
u64 epoch = 1, conflictCount, blocks, moves;
u32 sharedSize;
std::string failure;
void* scheduler;  // saved stack pointer
Call body;
void* const* arguments;
std::mt19937_64 order;

struct Kernel { Call call; u32 slots; };

std::map<std::string, Kernel>& kernels() {
  static std::map<std::string, Kernel> all;
  return all;
}

// switchTo saves the callee-saved registers and the stack pointer, and goes on where the other stack was left.
extern "C" void standinSwitch(void** save, void* to);
asm(R"(
.text
.type standinSwitch, @function
standinSwitch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size standinSwitch, .-standinSwitch
)");

void yield() { standinSwitch(&self->stack, scheduler); }

void entry() {
  body(arguments);
  if (!self->groups.empty() || !self->open.empty()) {
    for (auto& group : self->groups)
      if (!group.empty()) fail("a thread ends with copies in flight");
    if (!self->open.empty()) fail("a thread ends with copies in flight");
  }
  self->groups.clear();
  checkEnd();
  self->state = done;
  yield();
  __builtin_unreachable();
}

void prepare(u32 i) {
  Thread& t = threads[i];
  t.index = {i % blockSize.x, i / blockSize.x % blockSize.y, i / blockSize.x / blockSize.y};
  t.warp = i / 32, t.lane = i % 32, t.state = ready;
  t.open.clear(), t.groups.clear();
  void** top = (void**)(stacks[i].get() + stackBytes);
  *--top = nullptr;         // alignment, and no caller
  *--top = (void*)&entry;   // where ret goes
  for (int r = 0; r < 6; r++) *--top = nullptr;
  t.stack = top;
}

void resume(Thread& t) {
  self = &t;
  standinSwitch(&scheduler, t.stack);
}

// runWarp runs the lanes of a warp until they all wait at the barrier or are done.
void runWarp(u32 w, u32 count) {
  for (bool moved = true; moved;) {
    moved = false;
    for (u32 i = w * 32; i < std::min(count, w * 32 + 32); i++)
      if (threads[i].state == ready) {
        resume(threads[i]);
        if (!failure.empty()) return;
        moved = true;
        moves += threads[i].state != polling;
      }
  }
  for (u32 i = w * 32; i < std::min(count, w * 32 + 32); i++)
    if (threads[i].state == polling) return;
  for (u32 i = w * 32; i < std::min(count, w * 32 + 32); i++)
    if (threads[i].state == inCollective) {
      failure = "lanes of one warp wait at different places";
      return;
    }
}

void runBlock() {
  u32 count = blockSize.x * blockSize.y * blockSize.z;
  blocks++;
  std::fill(memory.begin(), memory.end(), 0xff);
  for (u32 i = 0; i < count; i++) prepare(i);
  warps.assign((count + 31) / 32, Warp{});
  std::vector<u32> turn(warps.size());
  for (u32 w = 0; w < turn.size(); w++) turn[w] = w;
  for (;;) {
    u64 before = moves;
    std::shuffle(turn.begin(), turn.end(), order);
    for (u32 w : turn) {
      runWarp(w, count);
      if (!failure.empty()) return;
    }
    u32 finished = 0, pollers = 0;
    for (u32 i = 0; i < count; i++) {
      finished += threads[i].state == done;
      if (threads[i].state == polling) threads[i].state = ready, pollers++;
    }
    if (finished == count) break;
    if (pollers) {
      if (moves == before) {
        failure = "threads wait for what none of them does";
        return;
      }
      continue;
    }
    if (finished) {
      failure = "a thread ended before a barrier that others wait at";
      return;
    }
    epoch++;
    for (u32 i = 0; i < count; i++) threads[i].state = ready;
  }
  epoch++;
}

Word* wordsAt(u32 address, u32 bytes) {
  if (address % std::min(bytes, 16u)) fail("an access to shared memory that is not aligned");
  if (address + bytes > sharedSize) fail("an access behind the end of shared memory");
  return &words[address / 4];
}

void checkWrite(Word& w) {
  if (w.inFlight) fail("shared memory is written while a copy to it is in flight");
  if (w.written == epoch && w.writer != self->warp) fail("two warps write the same shared memory without a barrier between them");
  if (w.read == epoch && w.reader != self->warp) fail("shared memory is overwritten without a barrier after another warp's read");
}

}  // namespace

void fail(const char* what) {
  if (failure.empty()) {
    char where[160];
    snprintf(where, sizeof where, ": block %u,%u,%u thread %u,%u,%u", blockIndex.x, blockIndex.y, blockIndex.z,
             self->index.x, self->index.y, self->index.z);
    failure = what + std::string(where);
  }
  self->state = done;
  yield();
  __builtin_unreachable();
}

void barrier() {
  self->state = atBarrier;
  yield();
}

void poll() {
  self->state = polling;
  yield();
}

void moved() { moves++; }
u64 blockNumber() { return blocks; }
u32 sharedBytes() { return sharedSize; }

void collective(Op op, void* operand) {
  Warp& w = warps[self->warp];
  self->operand = operand;
  if (w.arrived && w.op != op) fail("lanes of one warp are in different operations");
  w.op = op;
  if (++w.arrived < 32) {
    self->state = inCollective;
    yield();
    return;
  }
  void* operands[32];
  Thread* first = &threads[self->warp * 32];
  for (int i = 0; i < 32; i++) operands[i] = first[i].operand;
  op(operands);
  w.arrived = 0;
  for (int i = 0; i < 32; i++) first[i].state = ready;
}

void readShared(u32 address, u32 bytes) {
  Word* w = wordsAt(address, bytes);
  for (u32 i = 0; i < (bytes + 3) / 4; i++) {
    if (w[i].inFlight) fail("shared memory is read while a copy to it is in flight");
    if (w[i].written == epoch && w[i].writer != self->warp) fail("shared memory is read without a barrier after another warp's write");
    w[i].reader = w[i].read == epoch && w[i].reader != self->warp ? many : self->warp;
    w[i].read = epoch;
  }
}

void writeShared(u32 address, u32 bytes) {
  Word* w = wordsAt(address, bytes);
  for (u32 i = 0; i < (bytes + 3) / 4; i++) {
    checkWrite(w[i]);
    w[i].written = epoch, w[i].writer = self->warp;
  }
}

void copyAsync(u32 to, const void* from) {
  if ((uintptr_t)from % 16) fail("an asynchronous copy from an address that is not 16-byte aligned");
  Word* w = wordsAt(to, 16);
  for (u32 i = 0; i < 4; i++) {
    checkWrite(w[i]);
    w[i].inFlight = true;
  }
  self->open.push_back({to, from});
}

void commitCopies() {
  self->groups.push_back(std::move(self->open));
  self->open.clear();
}

void waitCopies(u32 inFlight) {
  while (self->groups.size() > inFlight) {
    for (Copy& c : self->groups.front()) {
      if (c.from) memcpy(shared + c.to, c.from, 16);
      else memset(shared + c.to, 0, 16);
      for (u32 i = 0; i < 4; i++) {
        Word& w = words[c.to / 4 + i];
        w.inFlight = false, w.written = epoch, w.writer = self->warp;
      }
    }
    self->groups.erase(self->groups.begin());
  }
}

void conflict(const u32 addresses[8]) {
  u32 uses[8] = {}, most = 0;
  for (int r = 0; r < 8; r++) {
    bool again = false;
    for (int s = 0; s < r; s++) again |= addresses[s] == addresses[r];
    if (!again) most = std::max(most, ++uses[addresses[r] / 16 % 8]);
  }
  conflictCount += most - 1;
}

u64 conflicts() { return conflictCount; }

void shuffle(u64 seed) { order.seed(seed); }

Registration::Registration(const char* name, Call call, u32 slots) { kernels()[name] = {call, slots}; }

bool find(const std::string& name) { return kernels().count(name); }

u32 slots(const std::string& name) { return kernels().at(name).slots; }

std::string launch(const std::string& name, Dim grid, Dim block, u32 sharedBytes, void* const* args) {
  std::lock_guard<std::mutex> lock(oneAtATime);
  auto kernel = kernels().find(name);
  if (kernel == kernels().end()) return "there is no kernel " + name;
  u32 count = block.x * block.y * block.z;
  if (!count || count > 1024 || !grid.x || !grid.y || !grid.z || grid.y > 65535 || grid.z > 65535 || sharedBytes > 227 << 10)
    return name + ": geometry that no device has";
  body = kernel->second.call, arguments = args, gridSize = grid, blockSize = block, sharedSize = sharedBytes;
  conflictCount = 0;
  failure.clear();
  while (stacks.size() < count) stacks.emplace_back(new u8[stackBytes]);
  if (threads.size() < count) threads.resize(count);
  memory.resize(sharedBytes + 16);
  words.assign(sharedBytes / 4 + 4, Word{});
  shared = (u8*)(((uintptr_t)memory.data() + 15) & ~(uintptr_t)15);
  for (blockIndex.z = 0; blockIndex.z < grid.z; blockIndex.z++)
    for (blockIndex.y = 0; blockIndex.y < grid.y; blockIndex.y++)
      for (blockIndex.x = 0; blockIndex.x < grid.x; blockIndex.x++) {
        runBlock();
        if (!failure.empty()) return name + ": " + failure;
      }
  return "";
}

}  // namespace standin
