// A promise that a fuzz target holds the code to; a broken one is a crash, which libFuzzer reports.
#pragma once

#include <algorithm>
#include <cmath>

#include "inkling/ink.h"

namespace inkling::fuzz {

inline void check(bool holds) {
  if (!holds) __builtin_trap();
}

// What ink.h promises: ink from 0 to 1, and some of it; or a sentence.
inline void check_pixels(const Result<Pixels>& pixels) {
  if (!pixels.ok()) return check(!pixels.status().message().empty());
  const auto& values = pixels.value();
  check(std::all_of(values.begin(), values.end(), [](float v) { return v >= 0 && v <= 1; }));
  check(std::any_of(values.begin(), values.end(), [](float v) { return v > 0; }));
}

}  // namespace inkling::fuzz
