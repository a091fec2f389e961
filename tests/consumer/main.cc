// Reads a drawn seven with the model that is named: exits with 0 when the answer is 7.
#include <inkling/engine.h>
#include <inkling/ink.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

int main(int count, char** arguments) {
  if (count != 2) return 2;
  std::ifstream file(arguments[1], std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  auto engine = inkling::Engine::load(std::as_bytes(std::span(bytes)));
  if (!engine.ok()) return std::fprintf(stderr, "%s\n", engine.status().message().c_str()), 1;
  const std::vector<inkling::Stroke> seven = {{{10, 4}, {52, 4}, {30, 60}}};
  const auto pixels = inkling::pixels_from_strokes(seven);
  if (!pixels.ok()) return std::fprintf(stderr, "%s\n", pixels.status().message().c_str()), 1;
  const auto answer = engine.value().classify(pixels.value());
  if (!answer.ok()) return std::fprintf(stderr, "%s\n", answer.status().message().c_str()), 1;
  std::printf("%d\n", answer.value().digit);
  return answer.value().digit == 7 ? 0 : 1;
}
