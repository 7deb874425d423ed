//go:build cuda

/* Each entry point of the driver, hidden so that no other library is taken for it: a jump to where its slot points. */
.section .note.GNU-stack,"",@progbits
.text
#define NEEDED(name) .globl name; .hidden name; .type name,@function; name: jmp *longfirst_slot_##name(%rip);
#define NAMED(name) NEEDED(name)
#include "symbols.h"
