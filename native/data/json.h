// JSON that others may have written.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace inkling {

// nlohmann's parse, and its exceptions; discarded instead of thrown where `throws` is false. What
// is nested more than a hundred levels deep is left out: the library copies and prints by
// recursion, and a file of brackets would run it past the end of the stack.
inline nlohmann::json parse_json(std::string_view text, bool throws = true) {
  constexpr int kMostLevels = 100;
  return nlohmann::json::parse(
      text.begin(), text.end(),
      [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) { return depth < kMostLevels; },
      throws);
}

}  // namespace inkling
