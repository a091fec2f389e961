// The pieces that messages are made of.
#include "text.h"

#include <gtest/gtest.h>

#include <limits>

namespace inkling {
namespace {

TEST(Text, JoinsStringsAndNumbers) {
  const std::string name = "conv1";
  EXPECT_EQ(cat("node '", name, "' has ", 3, " inputs of ", std::size_t{784}),
            "node 'conv1' has 3 inputs of 784");
}

TEST(Text, WritesZeroAndTheSmallestNumber) {
  EXPECT_EQ(cat(0), "0");
  EXPECT_EQ(cat(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
}

TEST(Text, AppendsBehindWhatIsThere) {
  std::string text = "[";
  append(text, 28, ",", 28, "]");
  EXPECT_EQ(text, "[28,28]");
}

TEST(Text, LetsNoControlCharacterOfAFileThrough) {
  EXPECT_EQ(cat("node '", std::string("a\x1b[2J\n\x7f"), "' \xc3\xa9"),
            "node 'a?[2J?"
            "?' \xc3\xa9");
}

}  // namespace
}  // namespace inkling
