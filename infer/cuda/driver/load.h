#pragma once
#include <stddef.h>

/* Loads libcuda.so.1 and initialises it. Returns cuInit's result; -1 where the library can't be opened and -2 where it
   lacks a needed entry point, with the reason or the name written to why. */
int longfirst_cuda_load(char *why, size_t size);
