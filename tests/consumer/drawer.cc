// Ink to pixels alone, which needs no library at all.
#include <inkling/ink.h>

#include <vector>

int main() {
  const std::vector<inkling::Stroke> bar = {{{0, 0}, {0, 9}}};
  return inkling::pixels_from_strokes(bar).ok() ? 0 : 1;
}
