// Networks by name.
#pragma once

#include <string>
#include <vector>

#include "model/network.h"

namespace inkling {

// The names that preset() knows.
std::vector<std::string> preset_names();

// Throws Failure for an unknown name.
NetworkSpec preset(const std::string& name);

}  // namespace inkling
