// An exponential moving average of a network's weights: what is validated, kept and exported.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "model/network.h"

namespace inkling {

class WeightAverage {
 public:
  // Starts as a copy of `source`, on its device, and keeps the tensors of both.
  WeightAverage(Network& source, double decay);

  // Moves the average by (1 - decay) towards the source; in the first steps by more, so that the
  // random start is soon forgotten (decay <= (1 + n) / (10 + n)).
  void update() { count_update(), apply_update(); }
  // Its two halves: what the host does, and what the device does, the same operations each time.
  void count_update();
  void apply_update();

  Network& network() { return average_; }

  // How often update() was called: with the weights, all that a checkpoint needs.
  std::int64_t updates() const { return updates_; }
  void set_updates(std::int64_t updates) { updates_ = updates; }

 private:
  Network average_;
  double decay_;
  std::int64_t updates_ = 0;
  torch::Tensor weight_;                                // float32 []: how far the next update moves
  std::vector<torch::Tensor> from_, to_;                // floating point: averaged
  std::vector<torch::Tensor> counts_from_, counts_to_;  // integers: copied
};

// Copies weights and buffers, on whatever devices the two are.
void copy_weights(Network& from, Network& to);

}  // namespace inkling
