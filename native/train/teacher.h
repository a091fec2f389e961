// Trained networks that a new one learns from besides the labels (Hinton, Vinyals and Dean,
// "Distilling the Knowledge in a Neural Network", 2015): of several, the mean of their answers.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <vector>

#include "model/network.h"

namespace inkling {

class Teacher {
 public:
  // The best weights of each run's folder, on the device. Throws Failure when there is none.
  Teacher(const std::vector<std::filesystem::path>& runs, torch::Device device);

  // pixels float32 [B,1,28,28] -> calibrated probabilities float32 [B,10], without gradients.
  torch::Tensor operator()(const torch::Tensor& pixels);

 private:
  struct Member {
    Network network;
    double temperature;
  };
  std::vector<Member> members_;
};

}  // namespace inkling
