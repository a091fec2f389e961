// A run's kept answers and what is counted over them.
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>

#include "report/answers.h"
#include "report/sheet.h"
#include "report/statistics.h"
#include "temp_folder.h"
#include "train/safetensors.h"

namespace inkling {
namespace {

// Ten rows: image i is all i, its label is i % 10, and it is read as `answers[i]` with 0.91.
torch::Tensor answered(const std::vector<int>& answers) {
  torch::Tensor p = torch::full({static_cast<std::int64_t>(answers.size()), 10}, 0.01f);
  for (std::size_t i = 0; i < answers.size(); ++i) p[static_cast<long>(i)][answers[i]] = 0.91f;
  return p;
}

Dataset numbered_images(std::int64_t count) {
  const torch::Tensor numbers = torch::arange(count);
  return {numbers.to(torch::kUInt8).view({count, 1, 1}).expand({count, 28, 28}).contiguous(),
          numbers % 10};
}

TEST(Answers, ComeBackSetBySet) {
  const TempFolder folder;
  const Dataset all = numbered_images(10);
  const auto rows = [&](int from, int to) {
    return Dataset{all.images.slice(0, from, to), all.labels.slice(0, from, to)};
  };
  const torch::Tensor p = answered({0, 1, 2, 3, 4, 5, 6, 7, 8, 8});
  save_answers(folder.path(), "validation",
               {{"mnist", rows(0, 7), ""}, {"pen \xff", rows(7, 10), "a simulation"}}, p);
  const std::vector<Answers> back = load_answers(folder.path(), "validation");
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(back[0].name, "mnist");
  EXPECT_EQ(back[1].note, "a simulation");
  EXPECT_TRUE(back[0].data.images.equal(all.images.slice(0, 0, 7)));
  EXPECT_TRUE(back[1].data.labels.equal(all.labels.slice(0, 7, 10)));
  EXPECT_TRUE(back[1].probabilities.equal(p.slice(0, 7, 10)));
  EXPECT_TRUE(load_answers(folder.path(), "test").empty());
}

TEST(Answers, ThatAreNotTenForEachImageAreNotWritten) {
  const TempFolder folder;
  expect_failure(
      [&] {
        save_answers(folder.path(), "test", {{"m", numbered_images(3), ""}}, answered({0, 1}));
      },
      "ten for each image");
  EXPECT_FALSE(std::filesystem::exists(folder / "test.safetensors"));
}

TEST(Answers, ADamagedFileIsNamed) {
  const TempFolder folder;
  const Dataset all = numbered_images(3);
  const torch::Tensor p = answered({0, 1, 2});
  const auto refuse = [&](const torch::Tensor& labels, const torch::Tensor& probabilities,
                          const std::string& sets, const std::string& piece) {
    save_tensors({{{"images", all.images}, {"labels", labels}, {"probabilities", probabilities}},
                  {{"sets", sets}}},
                 folder / "test.safetensors");
    expect_failure([&] { load_answers(folder.path(), "test"); }, "test.safetensors is damaged",
                   piece);
  };
  const std::string good = R"([["m",3,""]])";
  refuse(torch::tensor({0, 1, 10}, torch::kInt64), p, good, "label");
  refuse(torch::tensor({0, 1, -1}, torch::kInt64), p, good, "label");
  refuse(all.labels, p * std::nan(""), good, "probability");
  refuse(all.labels, p.slice(0, 0, 2), good, "no probabilities of the right shape");
  refuse(all.labels, p, R"([["m",4,""]])", "more rows");
  refuse(all.labels, p, R"([["m",-1,""],["n",4,""]])", "more rows");
  refuse(all.labels, p, R"([["m",2,""]])", "fewer rows");
  refuse(all.labels, p, R"([["m"]])", "which sets");
  refuse(all.labels, p, "no json", "which sets");
}

TEST(Sheet, ShowsWhatWasReadWrongAndNothingElse) {
  const auto dark_pixels = [](const std::vector<int>& read) {
    const Answers answers{
        "m",
        "",
        {torch::full({3, 28, 28}, 255, torch::kUInt8), torch::tensor({0, 1, 2}, torch::kInt64)},
        answered(read)};
    const torch::Tensor sheet = error_sheet(answers);
    EXPECT_EQ(sheet.size(2), 3);
    // An image is a block of 84x84 here; its caption's ink is far less than a second block.
    return sheet.select(2, 0).lt(50).sum().item<std::int64_t>() / (84 * 84);
  };
  EXPECT_EQ(dark_pixels({0, 1, 2}), 0);
  EXPECT_EQ(dark_pixels({0, 1, 9}), 1);
  EXPECT_EQ(dark_pixels({7, 8, 9}), 3);
}

TEST(Statistics, WilsonsIntervalEndsWhereTheScoreTestWouldRefuse) {
  // By its definition: were an end the true share p, 9,957 of 10,000 would be 1.96 deviations away.
  const auto deviations = [](double p) { return (0.9957 - p) / std::sqrt(p * (1 - p) / 10000); };
  const Interval interval = wilson_interval(9957, 10000);
  EXPECT_NEAR(deviations(interval.low), 1.959964, 1e-6);
  EXPECT_NEAR(deviations(interval.high), -1.959964, 1e-6);
  EXPECT_EQ(wilson_interval(0, 0).high, 1);
  EXPECT_DOUBLE_EQ(wilson_interval(10, 10).high, 1);
  EXPECT_LT(wilson_interval(10, 10).low, 0.73);
}

TEST(Statistics, CountsWhoIsTakenForWhom) {
  const Confusion c =
      confusion_of(answered({0, 1, 2, 7, 7}), torch::tensor({0, 1, 2, 7, 1}, torch::kInt64));
  EXPECT_EQ(c[1][7], 1);
  EXPECT_EQ(c[7][1], 0);
  EXPECT_DOUBLE_EQ(precision_of(c, 7), 0.5);
  EXPECT_DOUBLE_EQ(recall_of(c, 7), 1);
  EXPECT_DOUBLE_EQ(recall_of(c, 1), 0.5);
  EXPECT_TRUE(std::isnan(recall_of(c, 9)));
  EXPECT_TRUE(std::isnan(precision_of(c, 9)));
}

TEST(Statistics, CalibrationErrorIsTheGapBetweenConfidenceAndAccuracy) {
  const torch::Tensor labels = torch::tensor({0, 1, 2, 3}, torch::kInt64);
  const auto error = [&](const std::vector<int>& answers) {
    return expected_calibration_error(reliability_of(answered(answers), labels));
  };
  EXPECT_NEAR(error({0, 1, 2, 3}), 0.09, 1e-6);
  EXPECT_NEAR(error({0, 1, 2, 9}), 0.91 - 0.75, 1e-6);
  const auto bins = reliability_of(torch::eye(10), torch::arange(10));
  EXPECT_EQ(bins.back().count, 10);  // a confidence of exactly 1 belongs to the last
  EXPECT_EQ(expected_calibration_error(bins), 0);
}

TEST(Statistics, TheHardestIsWhoseLabelWasThoughtLeastProbable) {
  torch::Tensor p = answered({0, 1, 5, 3});
  p[2][2] = 0.001f;
  const auto rows = hardest_rows(p, torch::tensor({0, 2, 2, 3}, torch::kInt64), 3);
  EXPECT_EQ(rows, (std::vector<std::int64_t>{2, 1, 0}));
}

}  // namespace
}  // namespace inkling
