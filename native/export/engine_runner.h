// The engine, fed with tensors: how an exported file is checked and how .onnx files are evaluated.
#pragma once

#include <torch/types.h>

#include <string>

#include "inkling/engine.h"

namespace inkling {

class EngineRunner {
 public:
  // `name` is for error messages. Throws Failure with the engine's own sentence.
  EngineRunner(const std::string& onnx, const std::string& name);

  // uint8 [N,28,28] -> float32 [N,10]. Throws Failure.
  torch::Tensor probabilities(const torch::Tensor& images);
  // The model's first output, whatever it means, float32 [N,10], for its input as it wants it,
  // float32 [N,1,28,28], contiguous. Throws Failure.
  torch::Tensor answers(const torch::Tensor& input);

  double threshold() const { return engine_.rejection_threshold(); }
  const Engine& engine() const { return engine_; }

 private:
  static Engine load(const std::string& onnx, const std::string& name);

  std::string name_;
  Engine engine_;
};

}  // namespace inkling
