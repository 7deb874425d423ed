//go:build cuda

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "load.h"

/* CUresult values; cuda.h is not needed here. */
enum { success = 0, not_initialized = 3, no_device = 100, not_found = 500 };

/* What an entry point does before the driver is loaded, and what one that the driver lacks does. */
static int unarmed(void) { return not_initialized; }
static int lacking(void) { return not_found; }

/* A trampoline jumps to where its slot points. */
#define NEEDED(name) __attribute__((visibility("hidden"))) void *longfirst_slot_##name = (void *)unarmed;
#define NAMED(name) NEEDED(name)
#include "symbols.h"
#undef NEEDED
#undef NAMED

static const struct { const char *name; void **slot; int needed; } entries[] = {
#define NEEDED(name) {#name, &longfirst_slot_##name, 1},
#define NAMED(name) {#name, &longfirst_slot_##name, 0},
#include "symbols.h"
#undef NEEDED
#undef NAMED
};

/* gorgonia.org/cu calls this before main, in every process, and exits where it fails. The driver's own is called by
   longfirst_cuda_load. */
__attribute__((visibility("hidden"))) int cuInit(unsigned flags) { (void)flags; return success; }

int longfirst_cuda_load(char *why, size_t size) {
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    snprintf(why, size, "%s", dlerror());
    return -1;
  }
  for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
    void *entry = dlsym(library, entries[i].name);
    if (entry == NULL && entries[i].needed) {
      snprintf(why, size, "%s", entries[i].name);
      return -2;
    }
    *entries[i].slot = entry != NULL ? entry : (void *)lacking;
  }
  int (*init)(unsigned) = (int (*)(unsigned))dlsym(library, "cuInit");
  if (init == NULL) {
    snprintf(why, size, "cuInit");
    return -2;
  }
  return init(0);
}
