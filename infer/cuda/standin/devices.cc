// Devices and contexts.
#include "driver.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace standin {

std::recursive_mutex big;

namespace {

bool initialised;
std::vector<Gpu> visible;
thread_local int currentDevice = -1;  // of the calling thread's context
int retained[64];

std::string variable(const char* name, const char* otherwise) {
  const char* v = getenv(name);
  return v && *v ? v : otherwise;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> entries;
  for (size_t at = 0; at <= list.size();) {
    size_t end = std::min(list.find(',', at), list.size());
    entries.push_back(list.substr(at, end - at));
    at = end + 1;
  }
  return entries;
}

std::string text(const uint8_t uuid[16]) {
  char out[37];
  char* p = out;
  for (int i = 0; i < 16; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *p++ = '-';
    p += sprintf(p, "%02x", uuid[i]);
  }
  return out;
}

std::vector<Gpu> machine() {
  int n = atoi(variable("LONGFIRST_STANDIN_DEVICES", "2").c_str());
  auto capabilities = split(variable("LONGFIRST_STANDIN_CAPABILITY", "8.0"));
  std::vector<Gpu> all;
  for (int i = 0; i < n; i++) {
    Gpu g{i, 0, 0, {}, false};
    sscanf(capabilities[std::min<size_t>(i, capabilities.size() - 1)].c_str(), "%d.%d", &g.major, &g.minor);
    memset(g.uuid, 0xa0 + i, 16);
    all.push_back(g);
  }
  return all;
}

// choose reads CUDA_VISIBLE_DEVICES as the driver does: indices, beginnings of UUIDs, one MIG part; the list ends at the
// first entry that is no device.
std::vector<Gpu> choose(const std::vector<Gpu>& all) {
  const char* set = getenv("CUDA_VISIBLE_DEVICES");
  if (!set) return all;
  std::vector<Gpu> chosen;
  for (auto& entry : split(set)) {
    const Gpu* found = nullptr;
    for (auto& g : all) {
      if (entry == std::to_string(g.number)) found = &g;
      if (entry.size() > 4 && ("GPU-" + text(g.uuid)).compare(0, entry.size(), entry) == 0) found = &g;
      Gpu part = g;
      part.uuid[15]++, part.part = true;
      if (entry == "MIG-" + text(part.uuid)) return chosen.empty() ? std::vector<Gpu>{part} : chosen;
    }
    if (!found) break;
    chosen.push_back(*found);
  }
  return chosen;
}

void record() {
  std::string folder = variable("LONGFIRST_STANDIN_CALLS", "");
  if (folder.empty()) return;
  FILE* f = fopen((folder + "/" + std::to_string(getpid())).c_str(), "w");
  if (!f) return;
  fprintf(f, "visible %s\n", variable("CUDA_VISIBLE_DEVICES", "").c_str());
  fclose(f);
}

const Gpu* at(int device) { return device >= 0 && device < (int)visible.size() ? &visible[device] : nullptr; }

}  // namespace

Result ready(bool needsContext) {
  if (!initialised) return notInitialized;
  if (needsContext && currentDevice < 0) return invalidContext;
  return needsContext ? sticky() : success;
}

const Gpu& current() { return visible[currentDevice]; }

size_t memoryOfEach() { return strtoull(variable("LONGFIRST_STANDIN_MEMORY", "268435456").c_str(), nullptr, 10); }

}  // namespace standin

using namespace standin;

#define QUERY                                           \
  std::lock_guard<std::recursive_mutex> hold(big);      \
  if (Result r = ready(false)) return r;

ENTRY Result cuInit(unsigned) {
  std::lock_guard<std::recursive_mutex> hold(big);
  record();
  visible = choose(machine());
  initialised = !visible.empty();
  return initialised ? success : noDevice;
}

ENTRY Result cuDriverGetVersion(int* version) { return *version = 12040, success; }

ENTRY Result cuDeviceGetCount(int* n) {
  QUERY
  *n = visible.size();
  return success;
}

ENTRY Result cuDeviceGet(int* device, int index) {
  QUERY
  if (!at(index)) return invalidDevice;
  *device = index;
  return success;
}

ENTRY Result cuDeviceGetName(char* name, int room, int device) {
  QUERY
  if (!at(device)) return invalidDevice;
  snprintf(name, room, "stand-in GPU %d%s", at(device)->number, at(device)->part ? " MIG 1g" : "");
  return success;
}

ENTRY Result cuDeviceTotalMem_v2(size_t* bytes, int device) {
  QUERY
  if (!at(device)) return invalidDevice;
  *bytes = memoryOfEach();
  return success;
}

// cuDeviceGetUuid names the whole GPU also where a part of it is visible, as the driver's does.
ENTRY Result cuDeviceGetUuid(uint8_t* uuid, int device) {
  QUERY
  if (!at(device)) return invalidDevice;
  memcpy(uuid, at(device)->uuid, 16);
  if (at(device)->part) uuid[15]--;
  return success;
}

ENTRY Result cuDeviceGetUuid_v2(uint8_t* uuid, int device) {
  QUERY
  if (!at(device)) return invalidDevice;
  memcpy(uuid, at(device)->uuid, 16);
  return success;
}

ENTRY Result cuDeviceGetAttribute(int* value, int attribute, int device) {
  QUERY
  const Gpu* g = at(device);
  if (!g) return invalidDevice;
  switch (attribute) {
    case 16: *value = 2; break;                   // multiprocessors
    case 33: *value = 0x40 - g->number; break;    // PCI bus: the other way round than the numbers
    case 34: *value = 0; break;                   // PCI device
    case 50: *value = 0; break;                   // PCI domain
    case 75: *value = g->major; break;
    case 76: *value = g->minor; break;
    case 97: *value = g->major == 8 && g->minor > 0 ? 99 << 10 : g->major == 8 ? 163 << 10 : 227 << 10; break;  // shared memory of a block
    default: return invalidValue;
  }
  return success;
}

ENTRY Result cuDevicePrimaryCtxSetFlags_v2(int device, unsigned) {
  QUERY
  return at(device) ? success : invalidDevice;
}

ENTRY Result cuDevicePrimaryCtxRetain(void** context, int device) {
  QUERY
  if (!at(device)) return invalidDevice;
  retained[device]++;
  *context = (void*)(uintptr_t)(device + 1);
  return success;
}

ENTRY Result cuDevicePrimaryCtxRelease_v2(int device) {
  QUERY
  if (!at(device) || !retained[device]) return invalidContext;
  retained[device]--;
  return success;
}

ENTRY Result cuCtxSetCurrent(void* context) {
  QUERY
  int device = (int)(uintptr_t)context - 1;
  if (context && (!at(device) || !retained[device])) return invalidContext;
  currentDevice = device;
  return success;
}

ENTRY Result cuGetErrorName(int result, const char** name) {
  static const struct { int code; const char* name; } names[] = {
      {success, "CUDA_SUCCESS"}, {invalidValue, "CUDA_ERROR_INVALID_VALUE"}, {outOfMemory, "CUDA_ERROR_OUT_OF_MEMORY"},
      {notInitialized, "CUDA_ERROR_NOT_INITIALIZED"}, {noDevice, "CUDA_ERROR_NO_DEVICE"}, {invalidContext, "CUDA_ERROR_INVALID_CONTEXT"},
      {noBinary, "CUDA_ERROR_NO_BINARY_FOR_GPU"}, {notFound, "CUDA_ERROR_NOT_FOUND"}, {illegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS"},
      {launchFailed, "CUDA_ERROR_LAUNCH_FAILED"}, {unknown, "CUDA_ERROR_UNKNOWN"}};
  for (auto& n : names)
    if (n.code == result) return *name = n.name, success;
  return invalidValue;
}

ENTRY Result cuGetErrorString(int result, const char** text) { return cuGetErrorName(result, text); }
