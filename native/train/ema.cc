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
  for_each_pair(source, average_, [&](const torch::Tensor& from, torch::Tensor& to) {
    (from.is_floating_point() ? from_ : counts_from_).push_back(from.detach());
    (from.is_floating_point() ? to_ : counts_to_).push_back(to.detach());
  });
  weight_ = torch::zeros({}, from_.front().options());
}

void WeightAverage::count_update() {
  ++updates_;
  const double early = static_cast<double>(1 + updates_) / static_cast<double>(10 + updates_);
  weight_.fill_(1.0 - std::min(decay_, early));
}

void WeightAverage::apply_update() {
  torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < to_.size(); ++i) to_[i].lerp_(from_[i], weight_);
  for (std::size_t i = 0; i < counts_to_.size(); ++i) counts_to_[i].copy_(counts_from_[i]);
}

}  // namespace inkling
