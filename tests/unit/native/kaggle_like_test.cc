// The simulation of Kaggle's files: its shape, and that everything made from it says what it is.
#include "data/kaggle_like.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "data/csv.h"
#include "data/leaks.h"
#include "real_images.h"
#include "synthetic.h"
#include "temp_folder.h"

namespace inkling {
namespace {

namespace fs = std::filesystem;

// 60 + 40 images, all different.
class KaggleLike : public testing::Test {
 protected:
  KaggleLike() {
    std::string images = idx_images(100);
    std::vector<int> labels;
    for (int i = 0; i < 100; ++i) labels.push_back(i % 10);
    const std::string pixels = images.substr(16);
    write("train", pixels.substr(0, 60 * 784), {labels.begin(), labels.begin() + 60});
    write("t10k", pixels.substr(60 * 784), {labels.begin() + 60, labels.end()});
  }
  void write(const std::string& part, const std::string& pixels, const std::vector<int>& labels) {
    mnist_.write(part + "-labels-idx1-ubyte", idx_labels(labels));
    mnist_.write(part + "-images-idx3-ubyte",
                 idx_images(static_cast<std::uint32_t>(labels.size())).substr(0, 16) + pixels);
  }
  void cut(std::int64_t seed = 7) { write_kaggle_like(mnist_.path(), seed, out_.path()); }

  TempFolder mnist_, out_;
};

TEST_F(KaggleLike, CutsThreeFifthsAndEveryImageOnce) {
  cut();
  const CsvImages train = read_csv(out_ / "train.csv"), test = read_csv(out_ / "test.csv");
  EXPECT_EQ(train.images.size(0), 60);
  EXPECT_EQ(test.images.size(0), 40);
  EXPECT_TRUE(train.has_labels());
  EXPECT_FALSE(test.has_labels());
  std::vector<ImageHash> all = hash_images(torch::cat({train.images, test.images}));
  EXPECT_EQ(ImageHashes(all).size(), 100);
  const ImageHashes mnist(hash_images(read_mnist(mnist_.path(), MnistPart::kAll).images));
  EXPECT_EQ(mnist.count_in(all), 100);
  // Image i's label is i % 10, and its fourth byte is i.
  const torch::Tensor withheld = withheld_labels(out_ / "test.csv", 40);
  EXPECT_TRUE(
      withheld.equal(test.images.select(1, 0).select(1, 3).to(torch::kInt64).remainder(10)));
  EXPECT_TRUE(
      train.labels.equal(train.images.select(1, 0).select(1, 3).to(torch::kInt64).remainder(10)));
}

TEST_F(KaggleLike, FollowsTheSeed) {
  cut(1);
  const std::string first = read_file(out_ / "train.csv");
  cut(1);
  EXPECT_EQ(read_file(out_ / "train.csv"), first);
  cut(2);
  EXPECT_NE(read_file(out_ / "train.csv"), first);
}

TEST_F(KaggleLike, HasKagglesHeadersAndRows) {
  cut();
  const std::string train = read_file(out_ / "train.csv"), test = read_file(out_ / "test.csv");
  EXPECT_TRUE(train.starts_with("label,pixel0,pixel1,"));
  EXPECT_TRUE(test.starts_with("pixel0,pixel1,"));
  EXPECT_EQ(std::count(train.begin(), train.end(), '\n'), 61);
  EXPECT_TRUE(read_file(out_ / "withheld-labels.csv").starts_with("ImageId,Label\n1,"));
}

TEST_F(KaggleLike, WhateverReadsItSaysThatItIsASimulation) {
  cut();
  const std::string note = "a simulation of Kaggle's files, cut from MNIST's 100 images by seed 7";
  EXPECT_EQ(simulation_note(out_ / "train.csv"), note);
  Sources sources;
  sources.kaggle = {(out_ / "train.csv").string()};
  EXPECT_EQ(describe(sources), "train.csv (" + note + ")");
  EXPECT_EQ(load_training_data(sources, 0.1, 1).validation.at(0).note, note);
  EXPECT_EQ(load_evaluation_data(sources).at(0).note, note);
  const TempFolder elsewhere;
  fs::create_symlink(out_ / "train.csv", elsewhere / "linked.csv");
  EXPECT_EQ(simulation_note(elsewhere / "linked.csv"), note);
  fs::rename(out_ / "train.csv", out_ / "renamed.csv");
  EXPECT_EQ(simulation_note(out_ / "renamed.csv"), note);
  EXPECT_EQ(simulation_note(mnist_ / "train.csv"), "");
}

TEST_F(KaggleLike, ItsTestFileIsJudgedByTheWithheldLabelsButNotLearnedFrom) {
  cut();
  Sources sources;
  sources.kaggle = {(out_ / "test.csv").string()};
  EXPECT_TRUE(load_evaluation_data(sources).at(0).data.labels.equal(
      withheld_labels(out_ / "test.csv", 40)));
  expect_failure([&] { load_training_data(sources, 0.1, 1); }, "test.csv has no labels");
}

TEST_F(KaggleLike, TrainingOnAllOfMnistLeaksTheWholeOfItsTestFile) {
  cut();
  Sources training, test;
  training.kaggle = {(out_ / "train.csv").string()};
  training.mnist = {mnist_.path().string()};
  test.kaggle = {(out_ / "test.csv").string()};
  const std::vector<NamedDataset> evaluation = load_evaluation_data(test);
  training.mnist_part = MnistPart::kAll;
  TrainingData data = load_training_data(training, 0.1, 1);
  EXPECT_EQ(data.images.size() + data.all_validation().size(), 160);
  LeakReport report = find_leaks(data, evaluation);
  EXPECT_EQ(report.sets.back().in_training + report.sets.back().in_validation, 40);
  report = drop_leaks(data, evaluation);
  EXPECT_FALSE(report.any());
  EXPECT_EQ(report.dropped, 40);
  training.mnist.clear();
  EXPECT_FALSE(find_leaks(load_training_data(training, 0.1, 1), evaluation).any());
}

TEST_F(KaggleLike, DoesNotWriteOverKagglesOwnFiles) {
  out_.write("test.csv", "Kaggle's own");
  expect_failure([&] { cut(); }, "test.csv", "not a simulation", "--out");
  EXPECT_EQ(read_file(out_ / "test.csv"), "Kaggle's own");
  EXPECT_FALSE(fs::exists(out_ / "train.csv"));
}

TEST_F(KaggleLike, DamagedCompanionsAreNamed) {
  cut();
  const std::string labels = read_file(out_ / "withheld-labels.csv");
  for (const std::string& bytes :
       {std::string(), labels.substr(0, 100), labels + "41,3\n",
        std::string("ImageId,Label\n2,3\n"), std::string("ImageId,Label\n1,x\n")}) {
    out_.write("withheld-labels.csv", bytes);
    expect_failure([&] { withheld_labels(out_ / "test.csv", 40); }, "withheld-labels.csv");
  }
  for (const char* bytes : {"", "{", "[]", "{\"note\":3,\"withheld\":{}}", "{\"note\":\"x\"}"}) {
    out_.write("kaggle-like.json", bytes);
    expect_failure([&] { simulation_note(out_ / "train.csv"); }, "kaggle-like.json is damaged");
  }
}

TEST(RealImages, ASimulationOfKaggleHasFortyTwoThousandRows) {
  SKIP_UNLESS(has_mnist(), "mnist/");
  const TempFolder out;
  write_kaggle_like(data_folder() / "mnist", 1, out.path());
  EXPECT_EQ(read_csv(out / "train.csv").images.size(0), 42'000);
  EXPECT_EQ(read_csv(out / "test.csv").images.size(0), 28'000);
}

}  // namespace
}  // namespace inkling
