// Keeps the averaged copy.
#include "train/ema.h"

#include <torch/autograd.h>
#include <torch/utils.h>

#include <algorithm>

namespace inkling {
namespace {

// Calls fn(name, from, to) for each parameter and buffer.
template <typename Fn>
void for_each_pair(Network& from, Network& to, Fn fn) {
  torch::NoGradGuard no_grad;
  const auto visit = [&](const auto& sources, auto targets) {
    for (const auto& item : sources) fn(item.value(), targets[item.key()]);
  };
  visit(from->named_parameters(), to->named_parameters());
  visit(from->named_buffers(), to->named_buffers());
}

}  // namespace

void copy_weights(Network& from, Network& to) {
  for_each_pair(from, to,
                [](const torch::Tensor& source, torch::Tensor& target) { target.copy_(source); });
}

WeightAverage::WeightAverage(Network& source, double decay)
    : average_(source->spec()), decay_(decay) {
  average_->to(source->parameters().front().device());
  average_->eval();
  copy_weights(source, average_);
}

void WeightAverage::update(Network& source) {
  ++updates_;
  const double early = static_cast<double>(1 + updates_) / static_cast<double>(10 + updates_);
  const double weight = 1.0 - std::min(decay_, early);
  for_each_pair(source, average_, [&](const torch::Tensor& from, torch::Tensor& to) {
    if (to.is_floating_point()) {
      to.lerp_(from, weight);
    } else {
      to.copy_(from);
    }
  });
}

}  // namespace inkling
