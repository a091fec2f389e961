// Flags that take a number within bounds.
#pragma once

#include <CLI/CLI.hpp>
#include <sstream>
#include <string>

namespace inkling {

// A number from low to high; unlike CLI::Range it refuses "nan".
template <typename Number>
CLI::Validator within(Number low, Number high) {
  const auto check = [low, high](const std::string& text) -> std::string {
    Number number{};
    if (CLI::detail::lexical_cast(text, number) && number >= low && number <= high) return "";
    std::ostringstream sentence;
    sentence << text << " is not a number from " << low << " to " << high;
    return sentence.str();
  };
  return CLI::Validator(check, "");
}

// An option that takes such a number.
template <typename Number>
CLI::Option* add_number(CLI::App& command, const char* flag, Number& value, Number low, Number high,
                        const std::string& help) {
  return command.add_option(flag, value, help)->check(within(low, high))->capture_default_str();
}

}  // namespace inkling
