// Runs kernels in the stand-in for the tests: requests on standard input, answers on standard output, little-endian.
//
//   request  u32 length, kernel name; u32 grid x, y, threads, shared bytes; u64 seed of the order of warps; u32 arguments;
//            of each u8 kind: 0 and 8 bytes of a slot; 1, u64 length and the bytes of a buffer; or 2, u32 count of tensor
//            maps, of each u64 length and the bytes of a buffer, u64 rows, columns of 16 bits, u32 rows, columns of the box
//   answer   u32 length, error; u64 bank conflicts; the buffers, one after the other
//
// A buffer ends at a page that can't be touched (but for up to 15 bytes of padding, which must keep what they hold), so an
// access behind its end ends the program.
#include "../../standin/hopper.h"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sys/mman.h>

static void read(void* to, size_t bytes) {
  if (bytes && fread(to, bytes, 1, stdin) != 1) exit(0);
}
template <class T>
static T number() {
  T v;
  read(&v, sizeof v);
  return v;
}
static void write(const void* from, size_t bytes) { if (bytes) fwrite(from, bytes, 1, stdout); }

class Buffer {
  static const size_t page = 4096, padding = 16;
  u8* memory;
  size_t mapped, bytes;

 public:
  u8* data;
  explicit Buffer(size_t n) : bytes(n) {
    size_t room = (n + padding - 1) / padding * padding;
    mapped = (room + 2 * page - 1) / page * page + page;  // a page in front as well
    memory = (u8*)mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) abort();
    memset(memory, 0xa5, mapped);
    mprotect(memory + mapped - page, page, PROT_NONE);
    data = memory + mapped - page - room;
  }
  Buffer(const Buffer&) = delete;
  ~Buffer() { munmap(memory, mapped); }
  bool intact() const {
    for (u8* p = memory; p < memory + mapped - page; p++)
      if ((p < data || p >= data + bytes) && *p != 0xa5) return false;
    return true;
  }
  void answer() const { write(data, bytes); }
};

int main() {
  for (;;) {
    std::string name(number<u32>(), 0);
    read(&name[0], name.size());
    u32 x = number<u32>(), y = number<u32>(), threads = number<u32>(), sharedBytes = number<u32>();
    standin::shuffle(number<u64>());
    std::vector<std::unique_ptr<Buffer>> buffers;
    std::vector<u64> slots(number<u32>());
    std::vector<std::unique_ptr<std::vector<Map>>> maps;
    auto buffer = [&] {
      u64 bytes = number<u64>();
      buffers.emplace_back(new Buffer(bytes));
      read(buffers.back()->data, bytes);
      return buffers.back()->data;
    };
    for (u64& slot : slots) {
      u8 kind = number<u8>();
      if (kind == 0) {
        slot = number<u64>();
      } else if (kind == 1) {
        slot = (u64)(uintptr_t)buffer();
      } else {
        maps.emplace_back(new std::vector<Map>(number<u32>()));
        for (Map& map : *maps.back()) {
          u8* data = buffer();
          u64 rows = number<u64>(), columns = number<u64>();
          u32 boxRows = number<u32>(), boxColumns = number<u32>();
          standin::encodeMap(&map, data, columns, rows, columns * 2, boxColumns, boxRows);
        }
        slot = (u64)(uintptr_t)maps.back()->data();
      }
    }
    std::vector<void*> arguments;
    for (u64& slot : slots) arguments.push_back(&slot);
    std::string error = standin::launch(name, {x, y, 1}, {threads, 1, 1}, sharedBytes, arguments.data());
    for (auto& b : buffers)
      if (error.empty() && !b->intact()) error = name + ": writes outside of its buffers";
    u32 length = (u32)error.size();
    u64 conflicts = standin::conflicts();
    write(&length, 4);
    write(error.data(), length);
    write(&conflicts, 8);
    for (auto& b : buffers) b->answer();
    fflush(stdout);
  }
}
