// A training step on a GPU: after a few runs it is captured as a CUDA graph and replayed, so that a
// step costs one launch instead of hundreds.
#pragma once

#include <torch/types.h>

#include <functional>
#include <memory>

#include "model/network.h"

namespace inkling {

class RepeatedStep {
 public:
  // `body` is all that a step does on the device, the same operations on the same tensors each
  // time: what changes from step to step (the learning rate, which rows) must lie in tensors. It is
  // captured only with `capture`, in a build with CUDA; elsewhere it is simply called.
  RepeatedStep(std::function<void()> body, bool capture);
  ~RepeatedStep();
  RepeatedStep(RepeatedStep&&) noexcept;
  RepeatedStep& operator=(RepeatedStep&&) noexcept;

  // Does one step. When capturing fails, a warning says why, and this and all further steps run
  // uncaptured.
  void operator()();

 private:
  struct Graph;  // null: not captured (yet)

  std::function<void()> body_;
  bool capture_;
  int calls_ = 0;
  std::unique_ptr<Graph> graph_;
};

// bfloat16 autocast of what runs on the device, for as long as it lives; nothing unless `on`.
class Autocast {
 public:
  Autocast(torch::Device device, bool on);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  at::DeviceType device_;
  bool on_;
};

// Convolution kernels in channels-last order, which tensor cores want; nothing on a CPU, where
// LibTorch 2.6's batch norm gives other gradients in that order (the weights after ten steps differ
// in the second digit), though a step of compact would be 1.2 times as fast. To be called before an
// optimizer takes the parameters.
void use_channels_last(Network& network);

}  // namespace inkling
