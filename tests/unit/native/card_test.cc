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

constexpr std::uintmax_t kSizeBudget = 70'000;  // bytes on disk
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

TEST(CompactModel, ReadsPenDigitsAsItsCardSays) {
  const fs::path strokes = data_folder() / "pen" / "pendigits-test.jsonl.gz";
  SKIP_UNLESS(fs::exists(strokes), "pen/pendigits-test.jsonl.gz");
  Sources sources;
  sources.strokes = {strokes.string()};
  const Score s = scored(load_evaluation_data(sources).front().data);
  EXPECT_NE(card().find(percent(s.accuracy())), std::string::npos) << percent(s.accuracy());
}

}  // namespace
}  // namespace inkling
