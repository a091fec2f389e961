// What answers are worth beyond their accuracy: its interval, who is taken for whom, calibration,
// and the images that were hardest.
#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <vector>

#include "data/dataset.h"

namespace inkling {

struct Interval {
  double low = 0, high = 1;
};

// Where the true share lies with 95 % confidence when `correct` of `count` were right (Wilson,
// "Probable inference", 1927); 0 to 1 when nothing was counted.
Interval wilson_interval(std::int64_t correct, std::int64_t count);

// counts[label][answer], the answer being the most probable digit.
using Confusion = std::array<std::array<std::int64_t, kClasses>, kClasses>;

// probabilities float32 [N,10], labels int64 [N], both on the CPU; so below too.
Confusion confusion_of(const torch::Tensor& probabilities, const torch::Tensor& labels);

// Of the images read as `digit`, the share that are one; NaN when none was.
double precision_of(const Confusion& confusion, std::size_t digit);
// Of the images of `digit`, the share that were read as one; NaN when there is none.
double recall_of(const Confusion& confusion, std::size_t digit);

struct ReliabilityBin {
  double low = 0, high = 0;  // confidences in (low, high]
  std::int64_t count = 0, correct = 0;
  double confidence = 0;  // mean; 0 when the bin is empty

  double accuracy() const { return count ? static_cast<double>(correct) / count : 0.0; }
};

// Fifteen bins of equal width, as in Guo et al., "On Calibration of Modern Neural Networks", 2017.
inline constexpr int kReliabilityBins = 15;
std::vector<ReliabilityBin> reliability_of(const torch::Tensor& probabilities,
                                           const torch::Tensor& labels);

// The mean distance between confidence and accuracy, weighted by the bins' counts (same source).
double expected_calibration_error(const std::vector<ReliabilityBin>& bins);

// The `count` rows whose true label was thought least probable, hardest first.
std::vector<std::int64_t> hardest_rows(const torch::Tensor& probabilities,
                                       const torch::Tensor& labels, std::int64_t count);

}  // namespace inkling
