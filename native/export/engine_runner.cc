// Runs the engine a batch at a time.
#include "export/engine_runner.h"

#include <algorithm>

#include "data/dataset.h"
#include "data/file.h"

namespace inkling {
namespace {

constexpr std::int64_t kBatch = 1024;  // images handed over at once; bounds the float copy

}  // namespace

Engine EngineRunner::load(const std::string& onnx, const std::string& name) {
  Result<Engine> engine = Engine::load(std::as_bytes(std::span(onnx)));
  if (!engine.ok()) throw Failure(name + ": " + engine.status().message());
  return std::move(engine).value();
}

EngineRunner::EngineRunner(const std::string& onnx, const std::string& name)
    : engine_(load(onnx, name)) {}

torch::Tensor EngineRunner::probabilities(const torch::Tensor& images) {
  const std::int64_t count = images.size(0);
  torch::Tensor result = torch::empty({count, kClasses});
  for (std::int64_t at = 0; at < count; at += kBatch) {
    const std::int64_t n = std::min(kBatch, count - at);
    const torch::Tensor pixels = to_pixels(images.slice(0, at, at + n)).contiguous();
    const Status status = engine_.classify_batch(
        {pixels.data_ptr<float>(), static_cast<std::size_t>(pixels.numel())},
        {result.data_ptr<float>() + at * kClasses, static_cast<std::size_t>(n * kClasses)});
    if (!status.ok()) throw Failure(status.message());
  }
  return result;
}

}  // namespace inkling
