//go:build cuda

#include "library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  float32 = 0, compute_float32 = 68, transposed = 1,
  attribute_transpose_a = 3, attribute_epilogue = 7, attribute_bias = 8, attribute_bias_type = 26, epilogue_bias = 4,
  layout_columns = 3, preference_workspace = 1, preference_reductions = 3,
};

#define ENTRIES(ENTRY)                                                                                                    \
  ENTRY(size_t, GetVersion, (void))                                                                                       \
  ENTRY(int, Create, (void **))                                                                                           \
  ENTRY(int, Destroy, (void *))                                                                                           \
  ENTRY(int, MatmulDescCreate, (void **, int, int))                                                                       \
  ENTRY(int, MatmulDescDestroy, (void *))                                                                                 \
  ENTRY(int, MatmulDescSetAttribute, (void *, int, const void *, size_t))                                                 \
  ENTRY(int, MatrixLayoutCreate, (void **, int, uint64_t, uint64_t, int64_t))                                             \
  ENTRY(int, MatrixLayoutDestroy, (void *))                                                                               \
  ENTRY(int, MatrixLayoutSetAttribute, (void *, int, const void *, size_t))                                               \
  ENTRY(int, MatmulPreferenceCreate, (void **))                                                                           \
  ENTRY(int, MatmulPreferenceDestroy, (void *))                                                                           \
  ENTRY(int, MatmulPreferenceSetAttribute, (void *, int, const void *, size_t))                                           \
  ENTRY(int, MatmulAlgoGetHeuristic, (void *, void *, void *, void *, void *, void *, void *, int, lt_choice *, int *))   \
  ENTRY(int, Matmul, (void *, void *, const void *, const void *, void *, const void *, void *, const void *, const void *, \
                      void *, void *, void *, const void *, void *, size_t, void *))

struct lt_library {
#define ENTRY(result, name, arguments) result(*name) arguments;
  ENTRIES(ENTRY)
#undef ENTRY
};

lt_library *lt_open(const char *path, char *why, size_t room) {
  void *opened = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (opened == NULL) {
    snprintf(why, room, "%s", dlerror());
    return NULL;
  }
  lt_library *l = malloc(sizeof *l);
  if (l == NULL) return NULL;
#define ENTRY(result, name, arguments)                                            \
  if ((l->name = (result(*) arguments)dlsym(opened, "cublasLt" #name)) == NULL) { \
    snprintf(why, room, "%s has no cublasLt" #name, path);                        \
    free(l);                                                                      \
    return NULL;                                                                  \
  }
  ENTRIES(ENTRY)
#undef ENTRY
  return l; /* never closed: streams may still have work of it */
}

size_t lt_version(lt_library *l) { return l->GetVersion(); }
int lt_create(lt_library *l, void **handle) { return l->Create(handle); }
int lt_destroy(lt_library *l, void *handle) { return l->Destroy(handle); }

int lt_describe(lt_library *l, lt_product *p, int type, int adds, uint64_t n, uint64_t k, uint64_t t) {
  int transpose = transposed, epilogue = epilogue_bias, bias_type = float32, out = adds ? float32 : type, r;
  if ((r = l->MatmulDescCreate(&p->operation, compute_float32, float32))) return r;
  if ((r = l->MatmulDescSetAttribute(p->operation, attribute_transpose_a, &transpose, sizeof transpose))) return r;
  if (adds) {
    if ((r = l->MatmulDescSetAttribute(p->operation, attribute_epilogue, &epilogue, sizeof epilogue))) return r;
    if ((r = l->MatmulDescSetAttribute(p->operation, attribute_bias_type, &bias_type, sizeof bias_type))) return r;
  }
  if ((r = l->MatrixLayoutCreate(&p->w, type, k, n, (int64_t)k))) return r;
  if ((r = l->MatrixLayoutCreate(&p->x, type, k, t, (int64_t)k))) return r;
  return l->MatrixLayoutCreate(&p->out, out, n, t, (int64_t)n);
}

void lt_forget(lt_library *l, lt_product *p) {
  if (p->operation != NULL) l->MatmulDescDestroy(p->operation);
  if (p->w != NULL) l->MatrixLayoutDestroy(p->w);
  if (p->x != NULL) l->MatrixLayoutDestroy(p->x);
  if (p->out != NULL) l->MatrixLayoutDestroy(p->out);
}

int lt_columns(lt_library *l, lt_product *p, uint64_t t) {
  int r = l->MatrixLayoutSetAttribute(p->x, layout_columns, &t, sizeof t);
  return r ? r : l->MatrixLayoutSetAttribute(p->out, layout_columns, &t, sizeof t);
}

/* The bias is set before the heuristics are asked: its alignment counts. */
static int set_bias(lt_library *l, lt_product *p, uint64_t bias) {
  return bias ? l->MatmulDescSetAttribute(p->operation, attribute_bias, &bias, sizeof bias) : 0;
}

int lt_choose(lt_library *l, void *handle, lt_product *p, size_t workspace, uint64_t bias, lt_choice *choices, int room, int *found) {
  void *preference = NULL;
  uint64_t most = workspace;
  uint32_t reductions = 0;
  int r = set_bias(l, p, bias);
  if (r || (r = l->MatmulPreferenceCreate(&preference))) return r;
  if (!(r = l->MatmulPreferenceSetAttribute(preference, preference_workspace, &most, sizeof most)) &&
      !(r = l->MatmulPreferenceSetAttribute(preference, preference_reductions, &reductions, sizeof reductions)))
    r = l->MatmulAlgoGetHeuristic(handle, p->operation, p->w, p->x, p->out, p->out, preference, room, choices, found);
  l->MatmulPreferenceDestroy(preference);
  return r;
}

int lt_multiply(lt_library *l, void *handle, lt_product *p, const lt_choice *choice, uint64_t t, uint64_t w, uint64_t x, uint64_t out, uint64_t bias,
                uint64_t workspace, size_t room, void *stream) {
  const float one = 1, beta = bias ? 1 : 0;
  int r = set_bias(l, p, bias);
  if (r || (r = lt_columns(l, p, t))) return r;
  return l->Matmul(handle, p->operation, &one, (void *)w, p->w, (void *)x, p->x, &beta, (void *)out, p->out, (void *)out, p->out, choice->algorithm,
                   (void *)workspace, room, stream);
}
