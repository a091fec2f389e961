// Networks by name, and the four ways to vary each of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/network.h"

namespace inkling {

// What may differ from a preset's own sizes; what is not given stays as the preset has it.
struct Variation {
  double width = 1.0;                  // factor of every hidden layer's channels or features
  std::optional<std::int64_t> depth;   // layers a block: convolutions between pools, hidden layers
  std::optional<std::int64_t> kernel;  // side of every convolution's kernel, odd
  std::optional<double> dropout;       // of every dropout; one before the last layer if none is
};

// The names that preset() knows, and what each is in a line.
std::vector<std::string> preset_names();
std::string preset_summary(const std::string& name);

// Throws Failure for an unknown name, or a variation whose layers do not fit each other.
NetworkSpec preset(const std::string& name, const Variation& variation = {});

}  // namespace inkling
