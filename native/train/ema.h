// An exponential moving average of a network's weights: what is validated, kept and exported.
#pragma once

#include "model/network.h"

namespace inkling {

class WeightAverage {
 public:
  // Starts as a copy of `source`, on its device.
  WeightAverage(Network& source, double decay);

  // Moves the average by (1 - decay) towards `source`; in the first steps by more, so that the
  // random start is soon forgotten (decay <= (1 + n) / (10 + n)).
  void update(Network& source);

  Network& network() { return average_; }

  // How often update() was called: with the weights, all that a checkpoint needs.
  std::int64_t updates() const { return updates_; }
  void set_updates(std::int64_t updates) { updates_ = updates; }

 private:
  Network average_;
  double decay_;
  std::int64_t updates_ = 0;
};

// Copies weights and buffers, on whatever devices the two are.
void copy_weights(Network& from, Network& to);

}  // namespace inkling
