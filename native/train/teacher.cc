// Networks asked together.
#include "train/teacher.h"

#include <torch/autograd.h>
#include <torch/utils.h>

#include "model/network.h"
#include "train/run.h"

namespace inkling {

torch::Tensor Teacher::operator()(const torch::Tensor& pixels) const {
  const torch::NoGradGuard no_grad;
  torch::Tensor sum;
  for (const Member& member : members_) {
    const torch::Tensor answers = member(pixels).to(torch::kFloat32);
    sum = sum.defined() ? sum + answers : answers;
  }
  return sum / static_cast<double>(members_.size());
}

Teacher::Member teach_by_run(const std::filesystem::path& folder, torch::Device device) {
  Run run = load_run(folder);
  Network network = load_best(run, folder);
  network->to(device);
  network->eval();
  return [network, temperature = run.temperature](const torch::Tensor& pixels) mutable {
    return (network->forward(pixels).to(torch::kFloat32) / temperature).softmax(1);
  };
}

}  // namespace inkling
