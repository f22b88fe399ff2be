// One recipe of allocation, chosen by RECIPE, for one thread: what benchmarks of C allocators do, in few lines.
// Prints a checksum of what was written to the blocks.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t seed = 20261122;

static uint32_t below(uint32_t limit) {
  seed = seed * 1664525 + 1013904223;
  return (uint32_t)((uint64_t)(seed ^ seed >> 15) * limit >> 32);
}

static uint64_t sum;

static void *make(size_t size) {
  unsigned char *block = malloc(size);
  if (!block) exit(1);
  block[0] = block[size - 1] = (unsigned char)size;
  return block;
}

static void drop(void *block) {
  if (!block) return;
  sum = sum * 31 + *(unsigned char *)block;
  free(block);
}

enum { SLOTS = 4096 };
static void *slots[SLOTS];

static void drop_all(void) {
  for (int i = 0; i < SLOTS; i++) {
    drop(slots[i]);
    slots[i] = NULL;
  }
}

// larson: a random block of 10 to 500 bytes is replaced by another one.
static void larson(void) {
  for (int i = 0; i < 1500000; i++) {
    void **slot = &slots[below(SLOTS)];
    drop(*slot);
    *slot = make(10 + below(491));
  }
  drop_all();
}

// alloc-test: sizes of every order of magnitude to 4 KiB, small ones more often; a random slot is filled or emptied.
static void alloctest(void) {
  for (int i = 0; i < 1500000; i++) {
    void **slot = &slots[below(SLOTS)];
    if (*slot) {
      drop(*slot);
      *slot = NULL;
    } else {
      *slot = make(1 + below(16u << below(9)));
    }
  }
  drop_all();
}

// glibc-simple: batches of one size, freed in the order of their allocation, in the reverse, or every other one first.
static void simple(void) {
  for (int round = 0; round < 6000; round++) {
    size_t size = 8 + below(1017);
    int count = 50 + (int)below(200);
    for (int i = 0; i < count; i++) slots[i] = make(size);
    switch (round % 3) {
      case 0:
        for (int i = 0; i < count; i++) drop(slots[i]);
        break;
      case 1:
        for (int i = count; i-- > 0;) drop(slots[i]);
        break;
      default:
        for (int i = 0; i < count; i += 2) drop(slots[i]);
        for (int i = 1; i < count; i += 2) drop(slots[i]);
    }
  }
  memset(slots, 0, sizeof slots);
}

// cfrac: numbers of a few words, most of which live for one step of a computation.
static void cfrac(void) {
  uint32_t *kept[64] = {0};
  for (int i = 0; i < 1500000; i++) {
    uint32_t words = 2 + below(7);
    uint32_t *number = malloc(4 * words);
    if (!number) exit(1);
    for (uint32_t w = 0; w < words; w++) number[w] = (uint32_t)i + w;
    if (below(16) == 0) {
      uint32_t **old = &kept[below(64)];
      if (*old) sum += **old;
      free(*old);
      *old = number;
    } else {
      sum = sum * 31 + number[words - 1];
      free(number);
    }
  }
  for (int i = 0; i < 64; i++) free(kept[i]);
}

// espresso: sets that grow by realloc while tables of them are built, copied and dropped.
static void espresso(void) {
  for (int round = 0; round < 400; round++) {
    int count = 100 + (int)below(400);
    for (int i = 0; i < count; i++) {
      size_t size = 8 + below(40);
      unsigned char *set = make(size);
      for (uint32_t grows = below(6); grows > 0; grows--) {
        size += 4 + below(60);
        set = realloc(set, size);
        if (!set) exit(1);
        set[size - 1] = (unsigned char)i;
      }
      slots[i] = set;
    }
    for (int i = 0; i < count; i++) {
      unsigned char *copy = calloc(1, 64);
      if (!copy) exit(1);
      memcpy(copy, slots[i], 8);
      drop(slots[i]);
      slots[i] = copy;
    }
    for (int i = 0; i < count; i++) drop(slots[i]);
  }
  memset(slots, 0, sizeof slots);
}

struct node {
  struct node *left, *right;
};

static struct node *grow(int depth) {
  struct node *node = malloc(sizeof *node);
  if (!node) exit(1);
  node->left = depth ? grow(depth - 1) : NULL;
  node->right = depth ? grow(depth - 1) : NULL;
  return node;
}

static uint32_t fell(struct node *node) {
  uint32_t count = 1;
  if (node->left) count += fell(node->left) + fell(node->right);
  free(node);
  return count;
}

// binary trees: a large one stays while small ones are built and dropped.
static void trees(void) {
  struct node *kept = grow(14);
  for (int round = 0; round < 300; round++) sum += fell(grow(11));
  sum += fell(kept);
}

int main(void) {
  RECIPE();
  printf("%llu\n", (unsigned long long)sum);
  return 0;
}
