// What goes wrong, by LONGFIRST_STANDIN_FAULT:
//
//	launch:KERNEL:N      the Nth launch of a kernel whose name begins so ends in CUDA_ERROR_LAUNCH_FAILED
//	lost:N               the device is gone from the Nth launch on
//	memory:N             the Nth allocation fails, and none after it
//	skip:KERNEL          launches of kernels whose names begin so do nothing
//	kernel:KERNEL        modules lack the kernels whose names begin so
//
// With a path after @ (launch:gemm:3@FILE) it happens once: to the process that can create the file.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "driver.h"

namespace standin {
namespace {

struct Fault {
  std::string kind, kernel, once;
  long number = 0;
};

Fault read() {
  Fault f;
  const char* v = getenv("LONGFIRST_STANDIN_FAULT");
  if (!v) return f;
  std::string text = v;
  if (size_t at = text.find('@'); at != std::string::npos) f.once = text.substr(at + 1), text.resize(at);
  size_t first = text.find(':'), last = text.rfind(':');
  f.kind = text.substr(0, first);
  if (f.kind == "launch") f.kernel = text.substr(first + 1, last - first - 1), f.number = atol(text.c_str() + last + 1);
  else if (f.kind == "kernel" || f.kind == "skip") f.kernel = text.substr(first + 1);
  else f.number = atol(text.c_str() + first + 1);
  return f;
}

const Fault& fault() {
  static const Fault f = read();
  return f;
}

long launches, allocations;
bool lost;

bool mine() {
  if (fault().once.empty()) return true;
  int f = open(fault().once.c_str(), O_CREAT | O_EXCL | O_WRONLY, 0666);
  if (f >= 0) close(f);
  return f >= 0;
}

bool begins(const std::string& name) { return name.compare(0, fault().kernel.size(), fault().kernel) == 0; }

}  // namespace

Result faultOfLaunch(const std::string& kernel) {
  if (fault().kind == "launch" && begins(kernel) && ++launches == fault().number && mine())
    return spoil(launchFailed, kernel + ": a fault that was asked for");
  if (fault().kind == "lost" && ++launches == fault().number) lost = mine();
  return lost ? spoil(unknown, "the device is gone, as was asked for") : success;
}

Result faultOfAllocation() {
  return fault().kind == "memory" && ++allocations == fault().number && mine() ? outOfMemory : success;
}

bool skips(const std::string& kernel) { return fault().kind == "skip" && begins(kernel); }

bool lacks(const std::string& kernel) { return fault().kind == "kernel" && begins(kernel); }

}  // namespace standin
