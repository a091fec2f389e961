// The engine as native code, for tests/bench/engine/native.ts, which asks it in turn with another
// engine: `bench_engine MODEL` prints the plan with its profile and an empty line, then answers
// each line "BATCH CALLS" on stdin with the microseconds of one call and what it says of the first
// image.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "inkling/engine.h"

namespace {

using inkling::Engine;

// The same random ink as in page.ts: a linear congruence of 32 bits.
std::vector<float> images(std::size_t floats) {
  std::uint32_t state = 7;
  std::vector<float> pixels(floats);
  for (float& p : pixels) {
    state = state * 1664525u + 1013904223u;
    p = static_cast<float>(std::max(0.0, state / 2147483648.0 - 1));
  }
  return pixels;
}

int failed(const inkling::Status& status) {
  std::fprintf(stderr, "bench_engine: %s\n", status.message().c_str());
  return 1;
}

int serve(Engine& engine) {
  std::size_t batch = 0, calls = 0;
  while (std::cin >> batch >> calls) {
    const std::vector<float> pixels = images(batch * engine.input_size());
    std::vector<float> outputs(batch * engine.classes());
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < calls; ++i) {
      const auto status = engine.classify_batch(pixels, outputs);
      if (!status.ok()) return failed(status);
    }
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    std::printf("%.3f", took.count() / static_cast<double>(calls));
    for (std::size_t i = 0; i < engine.classes(); ++i)
      std::printf(" %.9g", static_cast<double>(outputs[i]));
    std::printf("\n");
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: bench_engine MODEL.onnx\n"), 2;
  std::ifstream file(argv[1], std::ios::binary);
  const std::string onnx(std::istreambuf_iterator<char>(file), {});
  auto engine = Engine::load(std::as_bytes(std::span(onnx)));
  if (!engine.ok()) return failed(engine.status());
  const auto took = engine.value().profile(images(engine.value().input_size()), 200);
  if (!took.ok()) return failed(took.status());
  std::fputs(to_string(engine.value().plan(), took.value()).c_str(), stdout);
  std::printf("\n");
  std::fflush(stdout);
  return serve(engine.value());
}
