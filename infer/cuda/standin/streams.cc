// Streams and events: queues of work that run when somebody waits for them, each as late as possible.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <set>

#include "driver.h"
#include "functions.h"
#include "device.h"

struct Stream;

struct Event {
  Stream* stream = nullptr;  // of the last record
  uint64_t number = 0;       // of the work on it that records
  bool timed = false;
  std::chrono::steady_clock::time_point came;
};

struct Stream {
  std::deque<std::function<Result()>> work;
  uint64_t queued = 0, ran = 0;
};

namespace standin {
namespace {

Result broken;
std::set<Stream*> streams;

// runUntil runs the work of a stream up to and including a number.
Result runUntil(Stream* s, uint64_t number) {
  while (s->ran < number && !s->work.empty()) {
    auto work = std::move(s->work.front());
    s->work.pop_front();
    s->ran++;
    if (Result r = work()) return r;
  }
  return broken;
}

void queue(Stream* s, std::function<Result()> work) {
  s->work.push_back(std::move(work));
  s->queued++;
}

}  // namespace

Result sticky() { return broken; }

Result spoil(Result r, const std::string& why) {
  if (!broken) fprintf(stderr, "stand-in GPU: %s\n", why.c_str());
  return broken = broken ? broken : r;
}

Result waitForAll() {
  for (Stream* s : streams)
    if (Result r = runUntil(s, s->queued)) return r;
  return broken;
}

}  // namespace standin

using namespace standin;

ENTRY Result cuStreamCreate(Stream** s, unsigned) {
  HELD
  if (const char* seed = getenv("LONGFIRST_STANDIN_ORDER")) shuffle(strtoull(seed, nullptr, 10));
  streams.insert(*s = new Stream);
  return success;
}

ENTRY Result cuStreamSynchronize(Stream* s) {
  HELD
  if (!streams.count(s)) return invalidValue;  // nothing here uses the default stream
  return runUntil(s, s->queued);
}

ENTRY Result cuStreamDestroy_v2(Stream* s) {
  HELD
  Result r = runUntil(s, s->queued);
  streams.erase(s);
  delete s;
  return r;
}

ENTRY Result cuStreamWaitEvent(Stream* s, Event* e, unsigned) {
  HELD
  Stream* on = e->stream;
  uint64_t number = e->number;
  if (on && on != s) queue(s, [=] { return streams.count(on) ? runUntil(on, number) : success; });
  return success;
}

ENTRY Result cuEventCreate(Event** e, unsigned flags) {
  HELD
  const unsigned disableTiming = 2;
  *e = new Event;
  (*e)->timed = !(flags & disableTiming);
  return success;
}

ENTRY Result cuEventDestroy_v2(Event* e) {
  HELD
  if (Result r = waitForAll()) return r;
  delete e;
  return success;
}

ENTRY Result cuEventRecord(Event* e, Stream* s) {
  HELD
  if (!streams.count(s)) return invalidValue;
  queue(s, [e] {
    e->came = std::chrono::steady_clock::now();
    return success;
  });
  e->stream = s, e->number = s->queued;
  return success;
}

ENTRY Result cuEventSynchronize(Event* e) {
  HELD
  return e->stream && streams.count(e->stream) ? runUntil(e->stream, e->number) : success;
}

ENTRY Result cuEventElapsedTime(float* milliseconds, Event* from, Event* to) {
  HELD
  if (!from->timed || !to->timed || !from->stream || !to->stream) return invalidValue;
  if (from->stream->ran < from->number || to->stream->ran < to->number) return invalidValue;
  *milliseconds = std::chrono::duration<float, std::milli>(to->came - from->came).count();
  return success;
}

// standinQueue is for the stand-in of cublasLt: it queues work that touches memory of the device, and says whether it may.
ENTRY Result standinQueue(Stream* s, const void* const* addresses, const size_t* bytes, int regions, void (*work)(void*), void (*forget)(void*), void* argument) {
  HELD
  if (!streams.count(s)) return invalidValue;
  for (int i = 0; i < regions; i++)
    if (!onDevice(addresses[i], bytes[i])) return invalidValue;
  std::shared_ptr<void> kept(argument, forget);
  queue(s, [=] {
    work(kept.get());
    return success;
  });
  return success;
}

ENTRY Result cuMemcpyHtoDAsync_v2(void* to, const void* from, size_t bytes, Stream* s) {
  HELD
  if (!pinned(from, bytes) || !onDevice(to, bytes) || !streams.count(s)) return invalidValue;
  queue(s, [=] {
    memcpy(to, from, bytes);
    return success;
  });
  return success;
}

ENTRY Result cuMemcpyDtoHAsync_v2(void* to, const void* from, size_t bytes, Stream* s) {
  HELD
  if (!pinned(to, bytes) || !onDevice(from, bytes) || !streams.count(s)) return invalidValue;
  queue(s, [=] {
    memcpy(to, from, bytes);
    return success;
  });
  return success;
}

ENTRY Result cuMemsetD8Async(void* to, uint8_t value, size_t bytes, Stream* s) {
  HELD
  if (!onDevice(to, bytes) || !streams.count(s)) return invalidValue;
  queue(s, [=] {
    memset(to, value, bytes);
    return success;
  });
  return success;
}

ENTRY Result cuLaunchKernel(Function* f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                            unsigned shared, Stream* s, void** parameters, void**) {
  HELD
  if (!streams.count(s) || (int)shared > f->shared) return invalidValue;
  if (!gx || !gy || !gz || gy > 65535 || gz > 65535 || bx * by * bz == 0 || bx * by * bz > 1024) return invalidValue;
  auto values = std::make_shared<std::vector<uint64_t>>();
  for (unsigned i = 0; i < slots(f->name); i++) values->push_back(*(uint64_t*)parameters[i]);
  std::string name = f->name;
  queue(s, [=] {
    if (Result r = faultOfLaunch(name)) return r;
    if (skips(name)) return success;
    std::vector<void*> arguments;
    for (auto& v : *values) arguments.push_back(&v);
    std::string wrong = launch(name, {gx, gy, gz}, {bx, by, bz}, shared, arguments.data());
    return wrong.empty() ? success : spoil(launchFailed, wrong);
  });
  return success;
}
