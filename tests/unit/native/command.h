// The `inkling` command as people run it.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

namespace inkling {

struct Outcome {
  int code = -1;
  std::string text;  // stdout and stderr together
};

inline Outcome shell(const std::string& command) {
  Outcome outcome;
  std::FILE* pipe = popen(("exec 2>&1; " + command).c_str(), "r");
  std::array<char, 4096> chunk;
  while (const std::size_t n = std::fread(chunk.data(), 1, chunk.size(), pipe)) {
    outcome.text.append(chunk.data(), n);
  }
  outcome.code = WEXITSTATUS(pclose(pipe));
  return outcome;
}

inline Outcome inkling_command(const std::string& arguments) {
  return shell(std::string(INKLING_BINARY) + " " + arguments);
}

inline void expect_sentence(const Outcome& outcome, const std::string& piece) {
  EXPECT_EQ(outcome.code, 1) << outcome.text;
  EXPECT_NE(outcome.text.find("inkling: "), std::string::npos) << outcome.text;
  EXPECT_NE(outcome.text.find(piece), std::string::npos) << outcome.text;
}

}  // namespace inkling
