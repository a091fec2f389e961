// The models that ship and their cards say the same: checksum, size, command, threshold, and (with
// the data at hand) every figure of the card's table of accuracies.
#include <gtest/gtest.h>

#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <ostream>
#include <set>

#include "data/file.h"
#include "data/sha256.h"
#include "data/sources.h"
#include "export/engine_runner.h"
#include "real_images.h"
#include "report/statistics.h"
#include "train/scoring.h"

namespace inkling {
namespace {

namespace fs = std::filesystem;

constexpr double kLeastAccuracy = 0.995;  // of MNIST's test part

struct Shipped {
  std::string name;
  std::uintmax_t budget;  // bytes on disk
};
const std::vector<Shipped> kShipped = {{"compact", 50'000}, {"large", 1'500'000}};

std::ostream& operator<<(std::ostream& out, const Shipped& shipped) { return out << shipped.name; }

// A set's row of the card's table, from its accuracy on.
std::string row_of(const torch::Tensor& probabilities, const torch::Tensor& labels,
                   const Score& s) {
  const Interval interval = wilson_interval(s.correct, s.count);
  const double error = expected_calibration_error(reliability_of(probabilities, labels));
  char text[160];
  std::snprintf(text, sizeof text,
                "| %.2f %% | %" PRId64 " | %.2f %% | %.2f %% | %.2f to %.2f %% | %.2f %% |",
                100 * s.accuracy(), s.count - s.correct, 100 * s.refused_share(),
                100 * s.answered_accuracy(), 100 * interval.low, 100 * interval.high, 100 * error);
  return text;
}

class ShippedModel : public testing::TestWithParam<Shipped> {
 protected:
  fs::path model = fs::path(INKLING_MODELS) / (GetParam().name + ".onnx");
  std::string card = read_file(fs::path(model).replace_extension(".md"));
  EngineRunner runner{read_file(model), model.string()};

  Score expect_row(const Dataset& test) {
    const torch::Tensor p = runner.probabilities(test.images);
    const Score s = score(p, test.labels, runner.threshold());
    const std::string row = row_of(p, test.labels, s);
    EXPECT_NE(card.find(row), std::string::npos) << row;
    return s;
  }

  void expect_row(const std::string& file) {
    const fs::path strokes = data_folder() / "pen" / file;
    if (!fs::exists(strokes)) GTEST_SKIP() << "INKLING_DATA names no folder with pen/" << file;
    Sources sources;
    sources.strokes = {strokes.string()};
    expect_row(load_evaluation_data(sources).front().data);
  }
};

TEST_P(ShippedModel, HasTheChecksumOfItsCardAndFitsItsBudget) {
  EXPECT_NE(card.find(sha256_of_file(model)), std::string::npos);
  EXPECT_LE(fs::file_size(model), GetParam().budget);
}

TEST_P(ShippedModel, CarriesTheCommandOfItsCard) {
  const auto& metadata = runner.engine().metadata();
  ASSERT_TRUE(metadata.contains("command"));
  EXPECT_NE(card.find(metadata.at("command")), std::string::npos) << metadata.at("command");
}

TEST_P(ShippedModel, AnswersAQuestionMarkBelowTheConfidenceOfItsCard) {
  char text[40];
  std::snprintf(text, sizeof text, "`?` below confidence %.3f,", runner.threshold());
  EXPECT_NE(card.find(text), std::string::npos) << text;
}

TEST_P(ShippedModel, ReadsMnistAsItsCardSays) {
  SKIP_UNLESS(has_mnist(), "mnist/");
  EXPECT_GE(expect_row(mnist_test_images()).accuracy(), kLeastAccuracy);
}

TEST_P(ShippedModel, ReadsPenDigitsAsItsCardSays) { expect_row("pendigits-test.jsonl.gz"); }

TEST_P(ShippedModel, ReadsDigiletsAsItsCardSays) { expect_row("digilets.jsonl.gz"); }

INSTANTIATE_TEST_SUITE_P(Models, ShippedModel, testing::ValuesIn(kShipped),
                         [](const auto& shipped) { return shipped.param.name; });

TEST(ShippedModels, AreAllTestedHere) {
  std::set<std::string> tested, there;
  for (const Shipped& shipped : kShipped) tested.insert(shipped.name + ".onnx");
  for (const auto& entry : fs::directory_iterator(INKLING_MODELS)) {
    if (entry.path().extension() == ".onnx") there.insert(entry.path().filename().string());
  }
  EXPECT_EQ(there, tested);
}

}  // namespace
}  // namespace inkling
