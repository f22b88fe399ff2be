// The lower bound: lists by size class that never merge, and no look at anything. It shows how much of a program's
// time any allocator could save; the memory it wastes no program should accept.
#include <stddef.h>
#include <string.h>

enum { GRANULE = 16, HEADER = 8, SMALL = 64, PAGE = 65536 };

extern unsigned char __heap_base;
static size_t top, end;
static void *lists[512];

static unsigned class_of(size_t granules) {
  if (granules <= SMALL) return granules;
  unsigned log = 31 - __builtin_clz(granules - 1);
  return SMALL + (log - 6) * 8 + (((granules - 1) >> (log - 3)) & 7) + 1;
}

static size_t size_of_class(unsigned class) {
  if (class <= SMALL) return class * GRANULE;
  class -= SMALL + 1;
  return (size_t)(class % 8 + 9) << (class / 8 + 3) << 4;
}

static size_t usable(void *block) { return size_of_class(((unsigned *)block)[-1]) - HEADER; }

void *malloc(size_t size) {
  unsigned class = class_of((size + HEADER + GRANULE - 1) / GRANULE);
  void *block = lists[class];
  if (block) {
    lists[class] = *(void **)block;
    return block;
  }
  if (!top) {
    // Blocks are aligned to 16 behind their headers.
    top = (((size_t)&__heap_base + GRANULE - 1) & -(size_t)GRANULE) + HEADER;
    end = __builtin_wasm_memory_size(0) * PAGE;
  }
  size_t whole = size_of_class(class);
  if (top + whole > end) {
    size_t pages = (top + whole - end + PAGE - 1) / PAGE;
    if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) return NULL;
    end += pages * PAGE;
  }
  block = (void *)(top + HEADER);
  ((unsigned *)block)[-1] = class;
  top += whole;
  return block;
}

void free(void *block) {
  if (!block) return;
  void **list = &lists[((unsigned *)block)[-1]];
  *(void **)block = *list;
  *list = block;
}

void *calloc(size_t count, size_t size) {
  void *block = malloc(count * size);
  if (block) memset(block, 0, count * size);
  return block;
}

void *realloc(void *block, size_t size) {
  if (!block) return malloc(size);
  size_t old = usable(block);
  if (size <= old && size > old / 2) return block;
  void *to = malloc(size);
  if (!to) return NULL;
  memcpy(to, block, old < size ? old : size);
  free(block);
  return to;
}

size_t malloc_usable_size(void *block) { return block ? usable(block) : 0; }
