// The host side of the stand-in: a libcuda.so.1 with the entry points that the program calls, on the CPU.
//
// It is stricter than NVIDIA's where that finds mistakes. Nothing queued on a stream runs before somebody waits for it,
// and streams run as late as their events allow, so that a buffer refilled too early or an event left out changes the
// result. Copies take pinned host memory only. Every allocation is filled with NaN and lies against a page that can't be
// touched. A call from a thread without a context, or of a kernel with more shared memory than was asked for, fails.
//
// The environment chooses the machine:
//
//	LONGFIRST_STANDIN_DEVICES=2        GPUs
//	LONGFIRST_STANDIN_CAPABILITY=8.0   compute capability of all, or a list with one for each
//	LONGFIRST_STANDIN_MEMORY=268435456 bytes of each
//	LONGFIRST_STANDIN_CALLS=DIR        a file DIR/PID for each process that initialised the driver, with its visible devices
//	LONGFIRST_STANDIN_FAULT=…          what goes wrong; see faults.cc
//	LONGFIRST_STANDIN_ORDER=SEED       another order of the warps of a block
#pragma once
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

// CUresult.
enum Result {
  success = 0,
  invalidValue = 1,
  outOfMemory = 2,
  notInitialized = 3,
  noDevice = 100,
  invalidDevice = 101,
  invalidImage = 200,
  invalidContext = 201,
  noBinary = 209,
  notFound = 500,
  illegalAddress = 700,
  launchFailed = 719,
  unknown = 999,
};

namespace standin {

extern std::recursive_mutex big;  // held by every entry point

struct Gpu {
  int number;  // of the machine
  int major, minor;
  uint8_t uuid[16];
  bool part;  // a MIG part of it
};

// devices.cc
Result ready(bool needsContext);  // why a call can't be made now
const Gpu& current();
size_t memoryOfEach();

// memory.cc
bool onDevice(const void* p, size_t bytes);
bool pinned(const void* p, size_t bytes);

// streams.cc
Result waitForAll();
Result sticky();              // the error that spoilt the context, if any
Result spoil(Result, const std::string& why);

// faults.cc
Result faultOfLaunch(const std::string& kernel);  // counts launches
Result faultOfAllocation();
bool lacks(const std::string& kernel);
bool skips(const std::string& kernel);

}  // namespace standin

#define ENTRY extern "C" __attribute__((visibility("default")))

// HELD begins an entry point that works on a context.
#define HELD                                            \
  std::lock_guard<std::recursive_mutex> hold(standin::big); \
  if (Result r = standin::ready(true)) return r;
