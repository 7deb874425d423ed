// Modules and functions. The image decides whether a device takes it; the kernels themselves are those compiled in here.
#include <cstdlib>
#include <cstring>

#include "driver.h"
#include "functions.h"
#include "device.h"

using namespace standin;

namespace {

// capability returns the compute capability an image is for, times ten, and whether it is PTX; 0 where it is no image.
int capability(const char* image, bool& ptx) {
  static const char magic[] = {0x7f, 'E', 'L', 'F'};
  ptx = memcmp(image, magic, 4) != 0;
  if (!ptx) {
    uint32_t flags;
    memcpy(&flags, image + 48, 4);  // e_flags of a 64-bit ELF header
    return flags & 0xff;
  }
  const char* target = strstr(image, ".target sm_");
  return target ? atoi(target + strlen(".target sm_")) : 0;
}

}  // namespace

ENTRY Result cuModuleLoadData(void** module, const char* image) {
  HELD
  bool ptx;
  int wants = capability(image, ptx), have = current().major * 10 + current().minor;
  if (wants == 0) return invalidImage;
  if (wants > have || (!ptx && wants / 10 != have / 10)) return noBinary;
  *module = malloc(1);
  return success;
}

ENTRY Result cuModuleUnload(void* module) {
  HELD
  if (Result r = waitForAll()) return r;
  free(module);
  return success;
}

ENTRY Result cuModuleGetFunction(Function** function, void*, const char* name) {
  HELD
  if (!find(name) || lacks(name)) return notFound;
  *function = new Function{name, 48 << 10};
  return success;
}

ENTRY Result cuFuncSetAttribute(Function* function, int attribute, int value) {
  HELD
  const int dynamicShared = 8;
  int most = current().major == 8 ? (current().minor ? 99 << 10 : 163 << 10) : 227 << 10;
  if (attribute != dynamicShared || value > most) return invalidValue;
  function->shared = value;
  return success;
}
