/* What the program calls of cublasLt, whose headers are not needed: handles are pointers, and the numbers are those of its
   documentation, the same from version 11 to 13. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* An entry of the heuristics' answer: cublasLtMatmulHeuristicResult_t. */
typedef struct {
  uint64_t algorithm[8];
  size_t workspace;
  int state;
  float waves;
  int reserved[4];
} lt_choice;

typedef struct lt_library lt_library;

/* A product D [N, T] = W [K, N]ᵀ·X [K, T] of columns, which is rows [T, N] = X·Wᵀ. */
typedef struct {
  void *operation, *w, *x, *out;
} lt_product;

/* lt_open returns a library, or NULL and why. */
lt_library *lt_open(const char *path, char *why, size_t room);
size_t lt_version(lt_library *);
int lt_create(lt_library *, void **handle);
int lt_destroy(lt_library *, void *handle);

/* lt_describe makes a product of elements of a type (2 f16, 14 bf16); with adds, D is f32 and gets a bias of f32. */
int lt_describe(lt_library *, lt_product *, int type, int adds, uint64_t n, uint64_t k, uint64_t t);
void lt_forget(lt_library *, lt_product *);

/* lt_columns sets the number of tokens, the columns of X and D. */
int lt_columns(lt_library *, lt_product *, uint64_t t);

/* lt_choose asks for algorithms that do not split K. */
int lt_choose(lt_library *, void *handle, lt_product *, size_t workspace, uint64_t bias, lt_choice *choices, int room, int *found);

/* lt_multiply queues D = W·X, plus D and the bias where bias is not 0, for t tokens. */
int lt_multiply(lt_library *, void *handle, lt_product *, const lt_choice *, uint64_t t, uint64_t w, uint64_t x, uint64_t out, uint64_t bias,
                uint64_t workspace, size_t room, void *stream);
