// Runs' networks, asked together.
#include "train/teacher.h"

#include <torch/autograd.h>
#include <torch/utils.h>

#include "train/run.h"

namespace inkling {

Teacher::Teacher(const std::vector<std::filesystem::path>& runs, torch::Device device) {
  for (const std::filesystem::path& folder : runs) {
    const Run run = load_run(folder);
    Network network(run.network);
    load_weights(network, checkpoint_path(folder, "best"));
    network->to(device);
    network->eval();
    members_.push_back({network, run.temperature});
  }
}

torch::Tensor Teacher::operator()(const torch::Tensor& pixels) {
  torch::NoGradGuard no_grad;
  torch::Tensor sum;
  for (Member& member : members_) {
    const torch::Tensor p =
        (member.network->forward(pixels).to(torch::kFloat32) / member.temperature).softmax(1);
    sum = sum.defined() ? sum + p : p;
  }
  return sum / static_cast<double>(members_.size());
}

}  // namespace inkling
