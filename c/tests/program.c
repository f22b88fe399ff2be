// Holds every allocation function to C17 and POSIX, from C. Prints "ok", or the line that failed.
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bonsai.h"

#define MUST(condition)                                             \
  do {                                                              \
    if (!(condition)) {                                             \
      printf("line %d: %s\n", __LINE__, #condition);                \
      exit(1);                                                      \
    }                                                               \
  } while (0)

static void sizes(void) {
  static void *blocks[4097];
  for (size_t size = 0; size <= 4096; size++) {
    unsigned char *block = blocks[size] = malloc(size);
    MUST(block && (uintptr_t)block % 16 == 0);
    MUST(malloc_usable_size(block) >= size);
    memset(block, (int)(size % 251), size);
  }
  for (size_t size = 0; size <= 4096; size++) {
    unsigned char *block = blocks[size];
    for (size_t i = 0; i < size; i++) MUST(block[i] == size % 251);
    if (size % 2) {
      block = blocks[size] = realloc(block, size * 3);
      MUST(block);
      for (size_t i = 0; i < size; i++) MUST(block[i] == size % 251);
    }
  }
  for (size_t size = 0; size <= 4096; size++) free(blocks[size]);
}

static void errors(void) {
  errno = 0;
  MUST(!malloc(SIZE_MAX) && errno == ENOMEM);
  errno = 0;
  MUST(!calloc(SIZE_MAX / 2, 3) && errno == ENOMEM);
  errno = 0;
  void *block = malloc(10);
  MUST(!reallocarray(block, SIZE_MAX / 2, 3) && errno == ENOMEM);
  MUST(!realloc(block, SIZE_MAX - 100));
  errno = 0;
  MUST(!aligned_alloc(48, 96) && errno == EINVAL);
  errno = 7;
  void *out = block;
  MUST(posix_memalign(&out, 3, 8) == EINVAL && out == block);
  MUST(posix_memalign(&out, 64, SIZE_MAX - 64) == ENOMEM && out == block);
  MUST(errno == 7);
  MUST(posix_memalign(&out, 4096, 100) == 0 && (uintptr_t)out % 4096 == 0);
  free(out);
  free(block);
  free(NULL);
  MUST(malloc_usable_size(NULL) == 0);
  void *one = malloc(0), *two = malloc(0);
  MUST(one && two && one != two);
  free(one);
  free(two);
}

static void zeroes(void) {
  for (size_t size = 1; size < 200000; size = size * 3 + 1) {
    unsigned char *dirty = malloc(size);
    memset(dirty, 0xAA, size);
    free(dirty);
    unsigned char *clear = calloc(size, 1);
    for (size_t i = 0; i < size; i++) MUST(clear[i] == 0);
    free(clear);
  }
}

static void aligned(void) {
  for (size_t align = 16; align <= 65536; align *= 2) {
    void *first = aligned_alloc(align, 3 * align), *second = memalign(align, 1);
    MUST((uintptr_t)first % align == 0 && (uintptr_t)second % align == 0 && first && second);
    free(first);
    MUST((second = realloc(second, 2 * align)));
    free(second);
  }
}

// libc allocates inside of these, and its blocks are freed here.
static void libc(void) {
  char *copy = strdup("a copy"), *line = NULL;
  MUST(asprintf(&line, "%s, and %d", copy, 42) > 0 && !strcmp(line, "a copy, and 42"));
  free(copy);
  free(line);
}

// Memory has 512 pages. The end of it is an answer, and what was freed can be had again.
static void the_end(void) {
  void *last = NULL, *block;
  size_t count = 0;
  errno = 0;
  while ((block = malloc(1000))) {
    *(void **)block = last;
    last = block;
    count++;
  }
  MUST(errno == ENOMEM && count > 28000);
  MUST(!calloc(1, 1000) && !realloc(last, 100000));
  while (last) {
    block = *(void **)last;
    free(last);
    last = block;
    count--;
  }
  MUST(count == 0 && (block = malloc(25000000)));
  free(block);
}

int main(void) {
  sizes();
  errors();
  zeroes();
  aligned();
  libc();
  the_end();
  const size_t *heap = BONSAI_HEAP;
  MUST(heap[0] == 0x534E4F42);
  puts("ok");
  return 0;
}
