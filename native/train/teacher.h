// Trained networks that a new one learns from besides the labels (Hinton, Vinyals and Dean,
// "Distilling the Knowledge in a Neural Network", 2015): of several, the mean of their answers.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace inkling {

class Teacher {
 public:
  // pixels float32 [B,1,28,28] -> calibrated probabilities [B,10], both on one device; the same
  // operations each time, as a CUDA graph needs them.
  using Member = std::function<torch::Tensor(const torch::Tensor& pixels)>;

  explicit Teacher(std::vector<Member> members) : members_(std::move(members)) {}

  // pixels float32 [B,1,28,28] -> calibrated probabilities float32 [B,10], without gradients.
  torch::Tensor operator()(const torch::Tensor& pixels) const;

 private:
  std::vector<Member> members_;
};

// The best weights of a run, on the device. Throws Failure when there are none.
Teacher::Member teach_by_run(const std::filesystem::path& folder, torch::Device device);

}  // namespace inkling
