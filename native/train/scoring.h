// What a network's answers are worth: accuracy, loss, calibration, and the threshold below which
// the answer is "?".
#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <string>

#include "data/dataset.h"
#include "model/network.h"

namespace inkling {

struct Score {
  std::int64_t count = 0;
  std::int64_t correct = 0;             // argmax is the label
  std::int64_t refused = 0;             // confidence below the threshold: answered "?"
  std::int64_t answered_correctly = 0;  // correct and not refused
  double loss = 0;                      // mean negative log likelihood, nats
  std::array<std::int64_t, 10> digit_count{}, digit_correct{};

  double accuracy() const { return count ? static_cast<double>(correct) / count : 0.0; }
  double refused_share() const { return count ? static_cast<double>(refused) / count : 0.0; }
  // Accuracy when "?" counts as wrong.
  double answered_accuracy() const {
    return count ? static_cast<double>(answered_correctly) / count : 0.0;
  }
};

// probabilities float32 [N,10], labels int64 [N], both on the CPU.
Score score(const torch::Tensor& probabilities, const torch::Tensor& labels, double threshold = 0);

// Logits float32 [N,10] on the CPU for uint8 images [N,28,28] on any device. Runs the network in
// evaluation mode on its own device, a batch at a time, and leaves its mode as it was.
torch::Tensor predict_logits(Network& network, const torch::Tensor& images);

// The temperature T > 0 that makes softmax(logits / T) most likely given the labels (Guo et al.,
// "On Calibration of Modern Neural Networks", 2017).
double fit_temperature(const torch::Tensor& logits, const torch::Tensor& labels);

// The confidence that `share` of the rows fall below: refusing below it refuses that share.
double confidence_quantile(const torch::Tensor& probabilities, double share);

}  // namespace inkling
