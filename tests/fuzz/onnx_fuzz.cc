// Any bytes as a model: Engine::load within tight limits, then everything that one can ask of an
// engine. Whatever it answers is right; it must answer.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "check.h"
#include "inkling/engine.h"
#include "onnx_mutator.h"

namespace {

using namespace inkling;
using inkling::fuzz::check;

// So that a run takes milliseconds. What the limits do not bound must be fast at any size.
constexpr Limits kLimits{.file_bytes = std::size_t{1} << 18,
                         .nodes = 64,
                         .tensor_elements = std::size_t{1} << 16,
                         .total_bytes = std::size_t{8} << 20,
                         .multiply_adds = std::uint64_t{1} << 24,
                         .batch = 4};

void classify(Engine& engine, std::size_t images) {
  std::vector<float> pixels(images * engine.input_size());
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i % 5) / 4;
  std::vector<float> outputs(images * engine.classes());
  const Status status = engine.classify_batch(pixels, outputs);
  if (!status.ok()) return check(!status.message().empty());
  check(std::all_of(outputs.begin(), outputs.end(), [](float v) { return std::isfinite(v); }));
}

void ask_all(Engine& engine) {
  (void)engine.metadata();
  check(engine.rejection_threshold() >= 0 && engine.rejection_threshold() <= 1);
  check(engine.input_size() > 0 && engine.classes() > 1);
  classify(engine, 1);
  classify(engine, 5);
  for (const PlanStep& step : engine.plan()) {
    const auto activation = engine.activations(step.name);
    if (activation.ok()) check(!activation.value().values.empty());
  }
  std::vector<float> pixels(engine.input_size(), 0.5f);
  (void)engine.classify(pixels);
  pixels[0] = NAN;
  check(!engine.classify(pixels).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  // Whatever a model keeps beside itself: a file of this name, of its own bytes.
  const SideFile beside{.name = "model.onnx.data", .bytes = bytes};
  auto engine = Engine::load(bytes, std::span(&beside, 1), kLimits);
  if (engine.ok()) {
    ask_all(engine.value());
  } else {
    check(!engine.status().message().empty());
    check(engine.status().code() != StatusCode::kInternal);
  }
  return 0;
}

namespace {

std::size_t put(const std::string& made, std::uint8_t* data) {
  std::copy(made.begin(), made.end(), data);
  return made.size();
}

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned int seed) {
  const std::string file(data, data + size);
  std::string made;
  if (seed % 16 != 0) made = inkling::fuzz::mutate_onnx(file, max_size, seed);
  return made.empty() ? LLVMFuzzerMutate(data, size, max_size) : put(made, data);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* first, std::size_t first_size,
                                                 const std::uint8_t* second,
                                                 std::size_t second_size, std::uint8_t* out,
                                                 std::size_t max_size, unsigned int seed) {
  return put(inkling::fuzz::cross_onnx({first, first + first_size}, {second, second + second_size},
                                       max_size, seed),
             out);
}
