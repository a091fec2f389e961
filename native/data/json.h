// JSON that others may have written.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

namespace inkling {

// Levels of nesting in a text, if it is JSON.
inline int levels_of_json(std::string_view text) {
  int depth = 0, most = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && in_string) {
      ++i;  // whatever is escaped ends no string
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '[' || c == '{')) {
      most = std::max(most, ++depth);
    } else if (!in_string && (c == ']' || c == '}')) {
      --depth;
    }
  }
  return most;
}

// nlohmann's parse, and its exceptions; discarded instead of thrown where `throws` is false. More
// than a hundred levels are no JSON of ours: the library copies and prints by recursion, and a file
// of brackets would run it past the end of the stack.
inline nlohmann::json parse_json(std::string_view text, bool throws = true) {
  constexpr int kMostLevels = 100;
  if (levels_of_json(text) > kMostLevels) text = "";  // which is none
  return nlohmann::json::parse(text.begin(), text.end(), nullptr, throws);
}

}  // namespace inkling
