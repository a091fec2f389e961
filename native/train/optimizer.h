// Adam, AdamW and SGD with momentum over a network's parameters, by ATen's fused kernels: one call
// a step for all parameters, and a state that a checkpoint can hold. (C++ LibTorch's own optimizers
// keep their step count on the host and lose the learning rate in torch::load.)
#pragma once

#include <torch/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/network.h"

namespace inkling {

enum class OptimizerKind {
  kAdam,   // Kingma and Ba, 2015; decay is added to the gradient
  kAdamW,  // Loshchilov and Hutter, 2019; decay is taken from the weight
  kSgd,    // with momentum; decay is added to the gradient
};

std::vector<std::string> optimizer_names();             // "adam", "adamw", "sgd"
OptimizerKind optimizer_kind(const std::string& name);  // throws Failure

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::kAdamW;
  std::optional<double> weight_decay;  // of kernels only, not of biases and batch norm's scales;
                                       // not given: 0.02 for AdamW, 0 for Adam, 5e-4 for SGD
  double momentum = 0.9;               // SGD's
  bool nesterov = false;               // SGD's
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  // Adam's and AdamW's
};

class Optimizer {
 public:
  // Keeps the parameters (not the network) and makes its state on their device.
  Optimizer(Network& network, const OptimizerOptions& options);

  // Gradients become 0 in place, so that their addresses stay.
  void zero_grad();
  void set_learning_rate(double rate);
  // Moves the parameters by their gradients.
  void step();

  // Gradients of all parameters that have one, to be summed over processes.
  std::vector<torch::Tensor> gradients() const;

  // The state by name ("conv1.weight/exp_avg"), the tensors themselves: copying into them restores.
  std::map<std::string, torch::Tensor> state() const;

 private:
  // Parameters with the same decay: what one fused call takes. All lists have one entry a
  // parameter.
  struct Group {
    double decay = 0;
    std::vector<std::string> names;
    std::vector<torch::Tensor> parameters, first, second;  // first: momentum for SGD
    std::vector<torch::Tensor> steps;                      // float32 [], Adam's count
  };
  void step(Group& group);

  OptimizerOptions options_;
  torch::Tensor rate_;  // float32 [] on the device
  std::vector<Group> groups_;
};

}  // namespace inkling
