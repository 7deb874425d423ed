// Device memory and pinned host memory.
#include "driver.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <map>

namespace standin {
namespace {

constexpr size_t page = 4096;

struct Allocation {
  size_t bytes;
  uint8_t* mapping;
  size_t mapped;
};
std::map<uintptr_t, Allocation> device, host;  // by address
size_t used;

size_t up(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

// allocate returns memory that ends, but for its alignment, where a page that can't be touched begins.
void* allocate(std::map<uintptr_t, Allocation>& all, size_t bytes) {
  size_t mapped = up(up(bytes, 16), page) + page;
  auto* mapping = (uint8_t*)mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return nullptr;
  mprotect(mapping + mapped - page, page, PROT_NONE);
  uint8_t* at = mapping + mapped - page - up(bytes, 16);
  memset(at, 0xff, bytes);
  all[(uintptr_t)at] = {bytes, mapping, mapped};
  return at;
}

bool release(std::map<uintptr_t, Allocation>& all, const void* p) {
  auto a = all.find((uintptr_t)p);
  if (a == all.end()) return false;
  munmap(a->second.mapping, a->second.mapped);
  all.erase(a);
  return true;
}

bool within(const std::map<uintptr_t, Allocation>& all, const void* p, size_t bytes) {
  auto a = all.upper_bound((uintptr_t)p);
  if (a == all.begin()) return false;
  --a;
  return (uintptr_t)p + bytes <= a->first + a->second.bytes;
}

}  // namespace

bool onDevice(const void* p, size_t bytes) { return within(device, p, bytes); }
bool pinned(const void* p, size_t bytes) { return within(host, p, bytes); }

}  // namespace standin

using namespace standin;

ENTRY Result cuMemGetInfo_v2(size_t* free, size_t* total) {
  HELD
  *total = memoryOfEach();
  *free = *total - std::min(*total, used);
  return success;
}

ENTRY Result cuMemAlloc_v2(void** p, size_t bytes) {
  HELD
  if (bytes == 0) return invalidValue;
  if (Result r = faultOfAllocation()) return r;
  if (used + bytes > memoryOfEach()) return outOfMemory;
  if (!(*p = allocate(device, bytes))) return outOfMemory;
  used += bytes;
  return success;
}

ENTRY Result cuMemFree_v2(void* p) {
  HELD
  if (Result r = waitForAll()) return r;
  auto a = device.find((uintptr_t)p);
  if (a == device.end()) return invalidValue;
  used -= a->second.bytes;
  release(device, p);
  return success;
}

ENTRY Result cuMemHostAlloc(void** p, size_t bytes, unsigned) {
  HELD
  if (bytes == 0) return invalidValue;
  return (*p = allocate(host, bytes)) ? success : outOfMemory;
}

ENTRY Result cuMemFreeHost(void* p) {
  HELD
  if (Result r = waitForAll()) return r;
  return release(host, p) ? success : invalidValue;
}
