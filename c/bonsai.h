/* bonsai_alloc for C and C++: link libbonsai.a before the C library, and malloc, free and their kin
   are those of bonsai_alloc's heap. Only what is not in <stdlib.h> is declared here. */
#ifndef BONSAI_H
#define BONSAI_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Allocates `size` bytes at a multiple of `align`, a power of two. */
void *memalign(size_t align, size_t size);

/* Resizes a block to `count` times `size` bytes; null, and the block as it was, if that overflows. */
void *reallocarray(void *block, size_t count, size_t size);

/* Returns how many bytes of a live block may be used; 0 for null. */
size_t malloc_usable_size(void *block);

/* The heap's descriptor: a page or a debugger that finds it can show the heap. Export it to that end:
   -Wl,--export=BONSAI_HEAP */
extern const size_t BONSAI_HEAP[16];

#ifdef __cplusplus
}
#endif

#endif
