// Leakage: the same images on both sides are counted, said, kept apart and dropped.
#include "data/leaks.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "synthetic.h"
#include "temp_folder.h"

namespace inkling {
namespace {

// uint8 [count,28,28]; image i is grey but for its first four bytes, which hold first + i.
torch::Tensor numbered(std::int64_t first, std::int64_t count) {
  torch::Tensor images = torch::full({count, kSide, kSide}, 127, torch::kUInt8);
  for (std::int64_t i = 0; i < count; ++i) {
    for (int b = 0; b < 4; ++b) images[i][0][b] = (first + i) >> 8 * b & 0xff;
  }
  return images;
}

Dataset dataset(std::int64_t first, std::int64_t count) {
  return {numbered(first, count), torch::zeros({count}, torch::kInt64)};
}

std::string write_mnist(const TempFolder& folder, const std::string& part, std::uint32_t count) {
  folder.write(part + "-images-idx3-ubyte", idx_images(count));
  std::vector<int> labels;
  for (std::uint32_t i = 0; i < count; ++i) labels.push_back(static_cast<int>(i % 10));
  folder.write(part + "-labels-idx1-ubyte", idx_labels(labels));
  return folder.path().string();
}

TEST(ImageHashes, AreTheBeginningOfSha1) {
  // sha1sum of 784 zero bytes.
  const ImageHash hash = hash_images(torch::zeros({1, kSide, kSide}, torch::kUInt8)).front();
  std::string hex;
  for (const std::uint8_t byte : hash.bytes) {
    for (const int half : {byte >> 4, byte & 15}) hex += "0123456789abcdef"[half];
  }
  EXPECT_EQ(hex, "b8d857d631dc3bb819bc8ddab4672d2b");
}

TEST(ImageHashes, TellImagesApartByOneBit) {
  torch::Tensor images = numbered(0, 2);
  images[1] = images[0];
  EXPECT_EQ(hash_images(images)[0], hash_images(images)[1]);
  images[1][27][27] = images[1][27][27].item<int>() ^ 1;
  EXPECT_NE(hash_images(images)[0], hash_images(images)[1]);
}

TEST(ImageHashes, ComeBackFromTheRunsFile) {
  const TempFolder folder;
  const SeenImages seen{ImageHashes(hash_images(numbered(0, 50))),
                        ImageHashes(hash_images(numbered(50, 7)))};
  save_seen_images(seen, seen_images_path(folder.path()));
  EXPECT_EQ(std::filesystem::file_size(folder / "training.hashes"), 24u + 57 * 16);
  const SeenImages again = load_seen_images(folder / "training.hashes");
  EXPECT_EQ(again.training.sorted(), seen.training.sorted());
  EXPECT_EQ(again.validation.sorted(), seen.validation.sorted());
}

TEST(ImageHashes, ADamagedFileOfThemIsNamed) {
  const TempFolder folder;
  const SeenImages seen{ImageHashes(hash_images(numbered(0, 5))), {}};
  save_seen_images(seen, folder / "whole");
  const std::string whole = read_file(folder / "whole");
  std::string huge = whole;
  huge[14] = '\x7f';  // 2^54 images and more
  for (const std::string& bytes :
       {std::string(), whole.substr(0, 23), whole.substr(0, whole.size() - 1), whole + "x",
        "X" + whole.substr(1), huge}) {
    expect_failure([&] { load_seen_images(folder.write("training.hashes", bytes)); },
                   "training.hashes", "is not whole");
  }
  expect_failure([&] { load_seen_images(folder / "absent"); }, "absent", "cannot open");
}

TEST(Leaks, TheSentenceCountsAndJudges) {
  EXPECT_EQ(describe(LeakCount{"test.csv", 28'000, 28'000}),
            "28,000 of 28,000 evaluation images were in the training data: this is not a test "
            "score");
  EXPECT_EQ(describe(LeakCount{"mnist test", 10'000, 8'997, 1'003}),
            "8,997 of 10,000 evaluation images were in the training data and 1,003 in the "
            "held-out part, by which the epoch was chosen: this is not a test score");
  EXPECT_EQ(describe(LeakCount{"mnist test", 10'000, 0, 1}),
            "1 of 10,000 evaluation images was in the held-out part, by which the epoch was "
            "chosen: this is not a test score");
  EXPECT_EQ(describe(LeakCount{"mnist test", 10'000}),
            "none of 10,000 evaluation images was in the training data");
  LeakCount held_out{"a", 200, 3};
  held_out.is_validation = true;
  EXPECT_EQ(describe(held_out),
            "3 of 200 held-out images were in the training data: this validation accuracy is too "
            "high");
}

TEST(Leaks, AreCountedInEveryEvaluationSet) {
  TrainingData data;
  data.images = dataset(0, 90);
  data.validation = {{"mnist", dataset(90, 10), ""}};
  const LeakReport report =
      find_leaks(data, {{"half", dataset(50, 100), ""}, {"clean", dataset(200, 20), ""}});
  ASSERT_EQ(report.sets.size(), 3u);
  EXPECT_EQ(report.sets[0].in_training, 0);
  EXPECT_TRUE(report.sets[0].is_validation);
  EXPECT_EQ(report.sets[1].in_training, 40);
  EXPECT_EQ(report.sets[1].in_validation, 10);
  EXPECT_FALSE(report.sets[2].any());
  EXPECT_TRUE(report.any());
  EXPECT_EQ(report.describe(), "half: " + describe(report.sets[1]));
}

TEST(Leaks, WhatTheTeacherHadSeenCountsAsSeen) {
  const TempFolder folder;
  TrainingData earlier;
  earlier.images = dataset(90, 30);
  earlier.validation = {{"mnist", dataset(200, 5), ""}};
  std::filesystem::create_directories(folder / "run");
  save_seen_images(seen_images(earlier), seen_images_path(folder / "run"));
  save_seen_images({ImageHashes(hash_images(numbered(300, 2))), {}},
                   inherited_images_path(folder / "run"));
  const Inheritance before =
      inherit({(folder / "run").string(), (folder / "teacher.onnx").string()});

  TrainingData data;
  data.images = dataset(0, 90);
  data.validation = {{"mnist", dataset(90, 10), ""}};
  const std::vector<NamedDataset> evaluation = {{"test", dataset(115, 90), ""}};
  EXPECT_FALSE(find_leaks(data, evaluation).any());
  const LeakReport report = find_leaks(data, evaluation, before);
  EXPECT_EQ(report.sets[0].in_training, 10);
  EXPECT_EQ(report.sets[1].in_training, 5);
  EXPECT_EQ(report.sets[1].in_validation, 5);
  EXPECT_EQ(report.training_repeats, 0);
  EXPECT_EQ(report.inherited, 37);
  ASSERT_EQ(report.unknown.size(), 1u);
  EXPECT_NE(report.describe().find("not known: what " + report.unknown.front()), std::string::npos);
  EXPECT_EQ(nlohmann::json(nlohmann::json(report).get<LeakReport>()), nlohmann::json(report));
  EXPECT_TRUE(all_seen_images(folder / "run")->training.contains(hash_images(numbered(301, 1))[0]));
  EXPECT_FALSE(all_seen_images(folder.path()).has_value());
}

TEST(Leaks, OfDrawingsAreFoundWhateverTheirPenAndRepeat) {
  TrainingData data;
  data.drawing_repeat = 3;
  const std::vector<Drawing> drawings = synthetic_drawings(2, 2);
  for (const Drawing& drawing : drawings) data.drawings.insert(data.drawings.end(), 3, drawing);
  data.validation = {{"held out", dataset(0, 10), ""}};
  const Dataset drawn = render(drawings, [](std::size_t) { return kPenWidth; });
  const std::vector<NamedDataset> evaluation = {{"drawn", drawn, ""}};
  const LeakReport report = find_leaks(data, evaluation);
  EXPECT_EQ(report.sets[1].in_training, drawn.size());
  EXPECT_EQ(report.training_images, drawn.size());
  data.images = dataset(100, 5);
  EXPECT_EQ(drop_leaks(data, evaluation).dropped, drawn.size());
  EXPECT_TRUE(data.drawings.empty());
  EXPECT_EQ(data.images.size(), 5);
}

TEST(Leaks, AreDroppedFromTrainingAndFromTheHeldOutPart) {
  TrainingData data;
  data.images = dataset(0, 90);
  data.validation = {{"mnist", dataset(85, 15), ""}};  // 85..89 are learned from, too
  const std::vector<NamedDataset> evaluation = {{"test", dataset(0, 40), ""},
                                                {"more", dataset(98, 40), ""}};
  const LeakReport report = drop_leaks(data, evaluation);
  EXPECT_EQ(report.dropped, 40 + 5 + 2);
  EXPECT_FALSE(report.any());
  EXPECT_TRUE(data.images.images.equal(numbered(40, 45)));
  EXPECT_TRUE(data.validation[0].data.images.equal(numbered(85, 13)));
  EXPECT_NE(report.describe().find("47 images"), std::string::npos) << report.describe();
}

TEST(Leaks, DroppingNeverLeavesNothing) {
  TrainingData data;
  data.images = dataset(0, 9);
  data.validation = {{"mnist", dataset(9, 1), ""}};
  expect_failure([&] { drop_leaks(data, {{"test", dataset(0, 9), ""}}); }, "--drop-leaks");
  data.images = dataset(0, 9);
  expect_failure([&] { drop_leaks(data, {{"test", dataset(9, 5), ""}}); }, "--drop-leaks");
}

TEST(Leaks, AReportComesBackFromJson) {
  TrainingData data;
  data.images = concatenate(dataset(0, 90), dataset(0, 10));
  data.validation = {{"mnist", dataset(90, 10), ""}};
  const LeakReport report = find_leaks(data, {{"test", dataset(50, 100), ""}});
  EXPECT_EQ(report.training_repeats, 10);
  const auto again = nlohmann::json::parse(nlohmann::json(report).dump()).get<LeakReport>();
  EXPECT_EQ(again.describe(), report.describe());
  EXPECT_EQ(nlohmann::json(again), nlohmann::json(report));
}

TEST(HeldOutPart, KeepsEqualImagesOfDifferentSourcesOnOneSide) {
  const TempFolder first, second;
  Sources sources;
  sources.mnist = {write_mnist(first, "train", 100), write_mnist(second, "train", 160)};
  const TrainingData data = load_training_data(sources, 0.25, 3);
  EXPECT_EQ(data.all_validation().size() + data.images.size(), 260);
  const LeakReport report = find_leaks(data, {});
  EXPECT_FALSE(report.any()) << report.describe();
  const std::int64_t repeats =
      data.all_validation().size() - 40 + report.training_repeats;  // 40 of 160 are held out
  EXPECT_EQ(repeats, 100);
}

TEST(HeldOutPart, ADrawingInTwoFilesIsReported) {
  const TempFolder folder;
  const std::vector<Drawing> drawings = synthetic_drawings(20, 10);
  Sources sources;
  sources.strokes = {folder.write("a.jsonl", stroke_file(drawings)).string(),
                     folder.write("b.jsonl", stroke_file(drawings)).string()};
  TrainingData data = load_training_data(sources, 0.2, 1);
  EXPECT_TRUE(find_leaks(data, {}).any());
  EXPECT_FALSE(drop_leaks(data, {}).any());
}

TEST(MergedSources, AllOfMnistLeaksIntoItsOwnTestPart) {
  const TempFolder folder;
  write_mnist(folder, "t10k", 60);
  Sources sources;
  sources.mnist = {write_mnist(folder, "train", 40)};  // image i is the same in both parts
  EXPECT_FALSE(find_leaks(load_training_data(sources, 0.1, 1), {}).any());
  sources.mnist_part = MnistPart::kAll;
  const TrainingData data = load_training_data(sources, 0.1, 1);
  EXPECT_EQ(data.images.size() + data.all_validation().size(), 100);
  sources.mnist_part.reset();
  const LeakReport report = find_leaks(data, load_evaluation_data(sources));
  EXPECT_EQ(report.sets.back().name, "mnist test");
  EXPECT_EQ(report.sets.back().in_training + report.sets.back().in_validation, 60);
}

}  // namespace
}  // namespace inkling
