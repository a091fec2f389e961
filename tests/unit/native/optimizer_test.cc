// Our optimizers against LibTorch's own, step by step.
#include "train/optimizer.h"

#include <gtest/gtest.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>
#include <torch/utils.h>

#include "model/presets.h"
#include "temp_folder.h"

namespace inkling {
namespace {

constexpr double kRounding = 2e-6;  // float32 sums in another order over ten steps
constexpr int kSteps = 10;
constexpr double kRate = 0.01;

Network small_network() {
  torch::manual_seed(7);
  Variation narrow;
  narrow.width = 0.25;
  return Network(preset("two-stage", narrow));
}

void backward(Network& network, int step) {
  torch::manual_seed(100 + step);
  network->forward(torch::rand({4, 1, 28, 28})).square().mean().backward();
}

// Steps both and compares all weights.
void expect_same_course(const OptimizerOptions& options, auto make_reference) {
  Network ours = small_network(), theirs = small_network();
  Optimizer optimizer(ours, options);
  auto reference = make_reference(theirs);
  for (int step = 0; step < kSteps; ++step) {
    optimizer.zero_grad(), reference->zero_grad();
    backward(ours, step), backward(theirs, step);
    optimizer.set_learning_rate(kRate);
    optimizer.step(), reference->step();
  }
  const auto expected = theirs->named_parameters();
  for (const auto& item : ours->named_parameters()) {
    EXPECT_LE((item.value() - expected[item.key()]).abs().max().item<double>(), kRounding)
        << item.key();
  }
}

// Decay for tensors of more than one dimension, as ours.
template <typename Options>
std::vector<torch::optim::OptimizerParamGroup> groups(Network& network, const Options& options,
                                                      double decay) {
  std::vector<torch::Tensor> decayed, kept;
  for (const torch::Tensor& p : network->parameters()) (p.dim() > 1 ? decayed : kept).push_back(p);
  auto with = [&](double value) {
    Options copy = options;
    copy.weight_decay(value);
    return std::make_unique<Options>(copy);
  };
  return {{decayed, with(decay)}, {kept, with(0.0)}};
}

TEST(Optimizer, AdamWStepsLikeLibTorchs) {
  OptimizerOptions options;
  options.weight_decay = 0.1;
  expect_same_course(options, [](Network& n) {
    const torch::optim::AdamWOptions o(kRate);
    return std::make_unique<torch::optim::AdamW>(groups(n, o, 0.1), o);
  });
}

TEST(Optimizer, AdamStepsLikeLibTorchs) {
  OptimizerOptions options;
  options.kind = OptimizerKind::kAdam, options.weight_decay = 0.1;
  expect_same_course(options, [](Network& n) {
    const torch::optim::AdamOptions o(kRate);
    return std::make_unique<torch::optim::Adam>(groups(n, o, 0.1), o);
  });
}

TEST(Optimizer, SgdWithMomentumStepsLikeLibTorchs) {
  for (const bool nesterov : {false, true}) {
    OptimizerOptions options;
    options.kind = OptimizerKind::kSgd, options.weight_decay = 0.1, options.nesterov = nesterov;
    expect_same_course(options, [&](Network& n) {
      const auto o = torch::optim::SGDOptions(kRate).momentum(0.9).nesterov(nesterov);
      return std::make_unique<torch::optim::SGD>(groups(n, o, 0.1), o);
    });
  }
}

TEST(Optimizer, GoesOnFromItsStateBitForBit) {
  for (const std::string& name : optimizer_names()) {
    OptimizerOptions options;
    options.kind = optimizer_kind(name);
    const auto run = [&](Network& network, Optimizer& optimizer, int from, int to) {
      for (int step = from; step < to; ++step) {
        optimizer.zero_grad();
        backward(network, step);
        optimizer.set_learning_rate(kRate);
        optimizer.step();
      }
    };
    Network whole = small_network(), first = small_network(), second = small_network();
    Optimizer a(whole, options), b(first, options), c(second, options);
    run(whole, a, 0, 6);
    run(first, b, 0, 3);
    torch::NoGradGuard no_grad;
    const auto weights = first->named_parameters();
    for (const auto& item : second->named_parameters()) item.value().copy_(weights[item.key()]);
    const auto buffers = first->named_buffers();
    for (const auto& item : second->named_buffers()) item.value().copy_(buffers[item.key()]);
    for (auto& [key, tensor] : c.state()) tensor.copy_(b.state().at(key));
    {
      torch::AutoGradMode grad(true);
      run(second, c, 3, 6);
    }
    const auto expected = whole->named_parameters();
    for (const auto& item : second->named_parameters()) {
      EXPECT_TRUE(item.value().equal(expected[item.key()])) << name << " " << item.key();
    }
  }
}

TEST(Optimizer, AnUnknownNameIsRefused) {
  expect_failure([] { optimizer_kind("lion"); }, "lion");
}

}  // namespace
}  // namespace inkling
