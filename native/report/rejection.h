// How well "?" tells what is no digit: at each share of real digits refused, what share of letters,
// shapes and scribbles is caught.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "data/not_digits.h"

namespace inkling {

// uint8 [count,28,28]: drawings of the part's kinds, in turn, by hands as varied as real ones. They
// are always the same ones, and no training's.
torch::Tensor not_digit_images(NotDigits part, std::int64_t count);

struct RejectionPoint {
  double threshold = 0;  // answers below it are "?"
  double refused = 0;    // share of the digits
  double caught = 0;     // share of what is no digit
};

// For the thresholds that refuse these shares of the digits. Both: probabilities float32 [N,10].
std::vector<RejectionPoint> rejection_curve(const torch::Tensor& digits,
                                            const torch::Tensor& not_digits,
                                            const std::vector<double>& shares);

// The share of rows whose greatest probability is below the threshold.
double share_below(const torch::Tensor& probabilities, double threshold);

struct CaughtKind {
  std::string name;
  double caught = 0;
};

// Each kind's share caught, the least first; rows as not_digit_images() orders them.
std::vector<CaughtKind> caught_by_kind(NotDigits part, const torch::Tensor& probabilities,
                                       double threshold);

}  // namespace inkling
