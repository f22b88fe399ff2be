// The C half of the example. It has no C library: malloc is the heap's, by the feature `c`.

typedef __SIZE_TYPE__ size_t;
void *malloc(size_t size);

/* Returns a copy of `length` bytes in capitals, which the caller frees; null without memory. */
char *shout(const char *text, size_t length) {
  char *copy = malloc(length);
  if (copy == 0) return 0;
  for (size_t i = 0; i < length; i++) {
    char c = text[i];
    copy[i] = c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
  }
  return copy;
}
