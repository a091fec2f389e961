// The model that ships and its card say the same: checksum, size, and (with the data at hand)
// accuracy.
#include <gtest/gtest.h>

#include <filesystem>

#include "data/file.h"
#include "data/sha256.h"
#include "data/sources.h"
#include "export/engine_runner.h"
#include "real_images.h"
#include "train/scoring.h"

namespace inkling {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kSizeBudget = 50'000;  // bytes on disk
constexpr double kLeastAccuracy = 0.995;        // of MNIST's test part

fs::path model() { return fs::path(INKLING_MODELS) / "compact.onnx"; }
std::string card() { return read_file(fs::path(INKLING_MODELS) / "compact.md"); }

std::string percent(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.2f %%", 100 * share);
  return text;
}

Score scored(const Dataset& test) {
  EngineRunner runner(read_file(model()), model().string());
  return score(runner.probabilities(test.images), test.labels, runner.threshold());
}

TEST(CompactModel, HasTheChecksumOfItsCardAndFitsItsBudget) {
  EXPECT_NE(card().find(sha256_of_file(model())), std::string::npos);
  EXPECT_LE(fs::file_size(model()), kSizeBudget);
}

TEST(CompactModel, CarriesTheCommandOfItsCard) {
  const EngineRunner runner(read_file(model()), model().string());
  const auto& metadata = runner.engine().metadata();
  ASSERT_TRUE(metadata.contains("command"));
  EXPECT_NE(card().find(metadata.at("command")), std::string::npos) << metadata.at("command");
}

TEST(CompactModel, ReadsMnistAsItsCardSays) {
  SKIP_UNLESS(has_mnist(), "mnist/");
  const Score s = scored(mnist_test_images());
  EXPECT_GE(s.accuracy(), kLeastAccuracy);
  EXPECT_NE(card().find(percent(s.accuracy())), std::string::npos) << percent(s.accuracy());
}

// The card must have the accuracy, the share of "?" and the count of drawings in one row.
void expect_row(const std::string& file) {
  const fs::path strokes = data_folder() / "pen" / file;
  if (!fs::exists(strokes)) GTEST_SKIP() << "INKLING_DATA names no folder with pen/" << file;
  Sources sources;
  sources.strokes = {strokes.string()};
  const Score s = scored(load_evaluation_data(sources).front().data);
  const std::string row = percent(s.accuracy()) + " | " + std::to_string(s.count - s.correct) +
                          " | " + percent(s.refused_share());
  EXPECT_NE(card().find(row), std::string::npos) << row;
}

TEST(CompactModel, ReadsPenDigitsAsItsCardSays) { expect_row("pendigits-test.jsonl.gz"); }

TEST(CompactModel, ReadsDigiletsAsItsCardSays) { expect_row("digilets.jsonl.gz"); }

}  // namespace
}  // namespace inkling
