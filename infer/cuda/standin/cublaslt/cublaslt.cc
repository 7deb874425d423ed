// A stand-in for cublasLt, on the CPU, for the stand-in of the driver, whose streams its work is queued on. It takes what
// infer/cuda/cublaslt asks for and refuses everything else. Of the algorithms it offers
//
//	0   splits a sum in two where there are more than 200 tokens: the bits of a row depend on the number of tokens
//	1   adds in the order of K
//	2   adds in the opposite order: other bits than 1, and said to be fastest
//	3   the same bits as 1
//
// LONGFIRST_STANDIN_CUBLASLT=broken makes it refuse to create a handle, and =varying offers algorithm 0 alone.
#include <dlfcn.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

enum Status { success = 0, notInitialized = 1, invalidValue = 7, notSupported = 15 };
enum Type { float32 = 0, half = 2, bfloat = 14 };

struct Operation {
  int transposeA = 0, epilogue = 1, biasType = -1;
  const float* bias = nullptr;
};
struct Layout {
  int type;
  uint64_t rows, columns;
  int64_t pitch;
};
struct Preference {
  uint64_t workspace = 0;
  uint32_t reductions = 7;
};
struct Choice {
  uint64_t algorithm[8];
  size_t workspace;
  int state;
  float waves;
  int reserved[4];
};
constexpr uint64_t magic = 0x4c743132;

// Work is a product of columns: out [n, t] = w [k, n]ᵀ·x [k, t], and so on.
struct Work {
  Layout w, x, out;
  const void *from, *left;
  void* to;
  const float* bias;
  float beta;
  uint64_t algorithm;
};

float widen(int type, uint16_t bits) {
  if (type == bfloat) {
    uint32_t wide = (uint32_t)bits << 16;
    float f;
    return memcpy(&f, &wide, 4), f;
  }
  _Float16 h;
  return memcpy(&h, &bits, 2), (float)h;
}

uint16_t narrow(int type, float v) {
  uint16_t bits;
  if (type == half) {
    _Float16 h = (_Float16)v;
    return memcpy(&bits, &h, 2), bits;
  }
  uint32_t wide;
  memcpy(&wide, &v, 4);
  return v != v ? 0x7fff : (uint16_t)((wide + 0x7fff + (wide >> 16 & 1)) >> 16);
}

void run(void* argument) {
  const Work& p = *(Work*)argument;
  uint64_t k = p.w.rows;
  auto wide = [&](const Layout& l, const void* from) {  // in the order that they are added in
    std::vector<float> all(l.columns * k);
    for (uint64_t c = 0; c < l.columns; c++)
      for (uint64_t i = 0; i < k; i++) all[c * k + (p.algorithm == 2 ? k - 1 - i : i)] = widen(l.type, ((const uint16_t*)from)[c * l.pitch + i]);
    return all;
  };
  std::vector<float> w = wide(p.w, p.left), x = wide(p.x, p.from);
  uint64_t first = p.algorithm == 0 && p.x.columns > 200 ? k / 2 : k;
  for (uint64_t t = 0; t < p.x.columns; t++)
    for (uint64_t n = 0; n < p.w.columns; n++) {
      float sum = 0, other = 0;
      const float *a = &w[n * k], *b = &x[t * k];
      for (uint64_t i = 0; i < first; i++) sum += a[i] * b[i];
      for (uint64_t i = first; i < k; i++) other += a[i] * b[i];
      sum += other;
      uint64_t at = t * p.out.pitch + n;
      if (p.out.type == float32) ((float*)p.to)[at] = (p.beta ? ((float*)p.to)[at] : 0) + (sum + (p.bias ? p.bias[n] : 0));
      else ((uint16_t*)p.to)[at] = narrow(p.out.type, sum);
    }
}

bool says(const char* what) {
  const char* v = getenv("LONGFIRST_STANDIN_CUBLASLT");
  return v && !strcmp(v, what);
}

bool fits(const Operation& o, const Layout& w, const Layout& x, const Layout& out) {
  bool adds = out.type == float32;
  if (o.transposeA != 1 || (w.type != half && w.type != bfloat) || x.type != w.type || (!adds && out.type != w.type)) return false;
  if (o.epilogue != (adds ? 4 : 1) || (adds && o.biasType != float32)) return false;
  return w.rows == x.rows && w.columns == out.rows && x.columns == out.columns && w.pitch >= (int64_t)w.rows && x.pitch >= (int64_t)x.rows;
}

}  // namespace

#define ENTRY(name) extern "C" __attribute__((visibility("default"))) int cublasLt##name

extern "C" __attribute__((visibility("default"))) size_t cublasLtGetVersion() { return 120405; }

ENTRY(Create)(void** handle) {
  *handle = malloc(1);
  return says("broken") ? notInitialized : success;
}
ENTRY(Destroy)(void* handle) { return free(handle), success; }

ENTRY(MatmulDescCreate)(Operation** o, int compute, int scale) {
  if (compute != 68 || scale != float32) return notSupported;
  return *o = new Operation, success;
}
ENTRY(MatmulDescDestroy)(Operation* o) { return delete o, success; }
ENTRY(MatmulDescSetAttribute)(Operation* o, int attribute, const void* value, size_t bytes) {
  void* to = attribute == 3 ? (void*)&o->transposeA : attribute == 7 ? &o->epilogue : attribute == 26 ? (void*)&o->biasType : attribute == 8 ? &o->bias : nullptr;
  if (!to || bytes != (attribute == 8 ? 8 : 4)) return invalidValue;
  return memcpy(to, value, bytes), success;
}

ENTRY(MatrixLayoutCreate)(Layout** l, int type, uint64_t rows, uint64_t columns, int64_t pitch) { return *l = new Layout{type, rows, columns, pitch}, success; }
ENTRY(MatrixLayoutDestroy)(Layout* l) { return delete l, success; }
ENTRY(MatrixLayoutSetAttribute)(Layout* l, int attribute, const void* value, size_t bytes) {
  if (attribute != 3 || bytes != 8) return invalidValue;
  return memcpy(&l->columns, value, 8), success;
}

ENTRY(MatmulPreferenceCreate)(Preference** p) { return *p = new Preference, success; }
ENTRY(MatmulPreferenceDestroy)(Preference* p) { return delete p, success; }
ENTRY(MatmulPreferenceSetAttribute)(Preference* p, int attribute, const void* value, size_t bytes) {
  if (attribute == 1 && bytes == 8) return memcpy(&p->workspace, value, 8), success;
  if (attribute == 3 && bytes == 4) return memcpy(&p->reductions, value, 4), success;
  return invalidValue;
}

ENTRY(MatmulAlgoGetHeuristic)(void*, Operation* o, Layout* w, Layout* x, Layout* c, Layout* d, Preference* p, int wanted, Choice* choices, int* found) {
  if (!fits(*o, *w, *x, *d) || c != d || p->reductions) return invalidValue;
  *found = 0;
  for (uint64_t a = 0; a < (says("varying") ? 1u : 4u) && *found < wanted; a++) choices[(*found)++] = Choice{{magic, a}, 0, 0, 1, {}};
  return success;
}

ENTRY(Matmul)(void*, Operation* o, const float* alpha, const void* w, Layout* wl, const void* x, Layout* xl, const float* beta, const void* c, Layout* cl,
              void* d, Layout* dl, const uint64_t* algorithm, void*, size_t, void* stream) {
  typedef int (*Queue)(void*, const void* const*, const size_t*, int, void (*)(void*), void (*)(void*), void*);
  static auto queue = (Queue)dlsym(dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD), "standinQueue");
  bool adds = dl->type == float32;
  if (!queue || !fits(*o, *wl, *xl, *dl) || c != d || cl != dl || *alpha != 1 || *beta != (adds ? 1 : 0) || algorithm[0] != magic) return invalidValue;
  if (adds && (!o->bias || (uintptr_t)o->bias % 16)) return invalidValue;
  const void* addresses[] = {w, x, d, adds ? o->bias : w};
  size_t bytes[] = {wl->columns * wl->pitch * 2, xl->columns * xl->pitch * 2, dl->columns * dl->pitch * (adds ? 4 : 2), adds ? wl->columns * 4 : 1};
  auto* work = new Work{*wl, *xl, *dl, x, w, d, adds ? o->bias : nullptr, *beta, algorithm[1]};
  return queue(stream, addresses, bytes, 4, run, [](void* p) { delete (Work*)p; }, work) ? 13 : success;
}
