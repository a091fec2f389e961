// The learning rate over the course of a run.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace inkling {

// Rises linearly from 0 over the warm-up, then falls to 0 along a half cosine (Loshchilov and
// Hutter, "SGDR", 2017, without restarts). step counts from 0 to total - 1.
inline double warmup_cosine(std::int64_t step, std::int64_t warmup, std::int64_t total,
                            double peak) {
  if (step < warmup) return peak * static_cast<double>(step + 1) / static_cast<double>(warmup);
  const double done = static_cast<double>(step - warmup) /
                      static_cast<double>(std::max<std::int64_t>(1, total - warmup));
  return peak * 0.5 * (1.0 + std::cos(std::numbers::pi * std::min(1.0, done)));
}

}  // namespace inkling
