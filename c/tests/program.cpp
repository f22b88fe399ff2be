// Holds operator new to the library's malloc. Prints "ok", or the line that failed.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <new>
#include <string>

#include "bonsai.h"

#define MUST(condition)                                      \
  do {                                                       \
    if (!(condition)) {                                      \
      std::printf("line %d: %s\n", __LINE__, #condition);    \
      return 1;                                              \
    }                                                        \
  } while (0)

int main() {
  // The library finds the size of each block, and hands out again what was freed last.
  char *block = new char[3000];
  MUST(malloc_usable_size(block) >= 3000 && malloc_usable_size(block) < 4000);
  delete[] block;
  void *again = std::malloc(3000);
  MUST(again == block);
  std::free(again);

  struct alignas(64) Line { char bytes[64]; };
  Line *line = new Line;
  MUST(reinterpret_cast<std::uintptr_t>(line) % 64 == 0);
  delete line;

  std::map<std::string, std::string> words;
  for (int i = 0; i < 2000; i++) words[std::to_string(i)] = std::string(i, 'a');
  for (int i = 0; i < 2000; i++) MUST(words[std::to_string(i)].size() == static_cast<std::size_t>(i));
  words.clear();

  MUST(::operator new(SIZE_MAX / 2, std::nothrow) == nullptr);
  std::puts("ok");
  return 0;
}
