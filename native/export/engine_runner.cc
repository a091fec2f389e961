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
  const std::size_t input = engine.value().input_size(), classes = engine.value().classes();
  if (input != kSide * kSide || classes != kClasses) {
    std::string shape;
    for (const std::size_t side : engine.value().input_shape()) {
      shape += (shape.empty() ? "" : "x") + std::to_string(side);
    }
    throw Failure(name + " takes " + shape + " and answers with " + std::to_string(classes) +
                  " numbers; here it needs one image of 28x28 and ten classes");
  }
  return std::move(engine).value();
}

EngineRunner::EngineRunner(const std::string& onnx, const std::string& name)
    : name_(name), engine_(load(onnx, name)) {}

torch::Tensor EngineRunner::probabilities(const torch::Tensor& images) {
  std::vector<torch::Tensor> batches;
  for (std::int64_t at = 0; at < images.size(0); at += kBatch) {
    const torch::Tensor part = images.slice(0, at, std::min(at + kBatch, images.size(0)));
    batches.push_back(answers(to_pixels(part).contiguous()));
  }
  return batches.empty() ? torch::empty({0, kClasses}) : torch::cat(batches);
}

torch::Tensor EngineRunner::answers(const torch::Tensor& input) {
  torch::Tensor result = torch::empty({input.size(0), kClasses});
  const Status status =
      engine_.classify_batch({input.data_ptr<float>(), static_cast<std::size_t>(input.numel())},
                             {result.data_ptr<float>(), static_cast<std::size_t>(result.numel())});
  if (!status.ok()) throw Failure(name_ + ": " + status.message());
  return result;
}

}  // namespace inkling
