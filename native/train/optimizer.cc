// Calls the fused kernels, a group at a time.
#include "train/optimizer.h"

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <torch/autograd.h>

#include "data/file.h"

namespace inkling {
namespace {

struct KindName {
  OptimizerKind kind;
  const char* name;
  double decay;  // when none is given
};
constexpr KindName kKinds[] = {{OptimizerKind::kAdam, "adam", 0.0},
                               {OptimizerKind::kAdamW, "adamw", 0.02},
                               {OptimizerKind::kSgd, "sgd", 5e-4}};

double usual_decay(OptimizerKind kind) {
  for (const KindName& entry : kKinds) {
    if (entry.kind == kind) return entry.decay;
  }
  return 0;
}

}  // namespace

std::vector<std::string> optimizer_names() {
  std::vector<std::string> names;
  for (const KindName& entry : kKinds) names.emplace_back(entry.name);
  return names;
}

OptimizerKind optimizer_kind(const std::string& name) {
  for (const KindName& entry : kKinds) {
    if (name == entry.name) return entry.kind;
  }
  throw Failure("there is no optimizer '" + name + "'");
}

Optimizer::Optimizer(Network& network, const OptimizerOptions& options) : options_(options) {
  Group decayed, kept;
  decayed.decay = options.weight_decay.value_or(usual_decay(options.kind));
  for (const auto& item : network->named_parameters()) {
    const torch::Tensor& p = item.value();
    Group& group = p.dim() > 1 ? decayed : kept;
    group.names.push_back(item.key());
    group.parameters.push_back(p);
    group.first.push_back(torch::zeros_like(p.detach()));
    if (options.kind == OptimizerKind::kSgd) continue;
    group.second.push_back(torch::zeros_like(p.detach()));
    group.steps.push_back(torch::zeros({}, p.detach().options()));
  }
  rate_ = torch::zeros({}, network->parameters().front().detach().options());
  groups_ = {std::move(decayed), std::move(kept)};
}

void Optimizer::zero_grad() {
  for (Group& group : groups_) {
    for (torch::Tensor& p : group.parameters) {
      if (p.grad().defined()) p.mutable_grad().zero_();
    }
  }
}

void Optimizer::set_learning_rate(double rate) { rate_.fill_(rate); }

void Optimizer::step() {
  torch::NoGradGuard no_grad;
  for (Group& group : groups_) {
    if (!group.parameters.empty()) step(group);
  }
}

void Optimizer::step(Group& group) {
  std::vector<torch::Tensor> gradients;
  gradients.reserve(group.parameters.size());
  for (const torch::Tensor& p : group.parameters) gradients.push_back(p.grad());
  const OptimizerOptions& o = options_;
  if (o.kind == OptimizerKind::kSgd) {
    // A momentum that begins at 0 gives PyTorch's first step too (without dampening).
    at::_fused_sgd_(group.parameters, gradients, group.first, group.decay, o.momentum, rate_,
                    /*dampening=*/0.0, o.nesterov, /*maximize=*/false, /*is_first_step=*/false);
    return;
  }
  at::_foreach_add_(group.steps, 1);
  const auto fused = [&](auto kernel) {
    kernel(group.parameters, gradients, group.first, group.second, std::vector<at::Tensor>{},
           group.steps, rate_, o.beta1, o.beta2, group.decay, o.epsilon);
  };
  constexpr bool kAmsgrad = false, kMaximize = false;
  if (o.kind == OptimizerKind::kAdam) {
    fused([](auto&&... a) { at::_fused_adam_(a..., kAmsgrad, kMaximize); });
  } else {
    fused([](auto&&... a) { at::_fused_adamw_(a..., kAmsgrad, kMaximize); });
  }
}

std::vector<torch::Tensor> Optimizer::gradients() const {
  std::vector<torch::Tensor> all;
  for (const Group& group : groups_) {
    for (const torch::Tensor& p : group.parameters) {
      if (p.grad().defined()) all.push_back(p.grad());
    }
  }
  return all;
}

std::map<std::string, torch::Tensor> Optimizer::state() const {
  std::map<std::string, torch::Tensor> tensors;
  for (const Group& group : groups_) {
    for (std::size_t i = 0; i < group.names.size(); ++i) {
      tensors[group.names[i] + "/first"] = group.first[i];
      if (group.steps.empty()) continue;
      tensors[group.names[i] + "/second"] = group.second[i];
      tensors[group.names[i] + "/steps"] = group.steps[i];
    }
  }
  return tensors;
}

}  // namespace inkling
