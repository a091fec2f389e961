// `predict`, `submit` and `evaluate` as people run them, with the model that ships.
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "command.h"
#include "data/csv.h"
#include "data/file.h"
#include "synthetic.h"
#include "temp_folder.h"

namespace inkling {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::string model() { return (fs::path(INKLING_MODELS) / "compact.onnx").string(); }

// A grey picture of a vertical bar: a 1, dark on light.
std::string one_as_pgm(int side) {
  std::string grey(std::size_t(side) * side, '\xf0');
  for (int y = side / 5; y < side * 4 / 5; ++y) {
    for (int x = side * 9 / 20; x < side * 11 / 20; ++x) grey[y * side + x] = '\x14';
  }
  return "P5 " + std::to_string(side) + " " + std::to_string(side) + " 255\n" + grey;
}

constexpr char kSeven[] = R"({"strokes":[[[0,0],[30,0],[60,0],[50,30],[40,60],[30,100]]]})";

TEST(Predict, ReadsPicturesAndStrokes) {
  const TempFolder folder;
  const std::string one = folder.write("one.pgm", one_as_pgm(120)).string();
  const std::string seven = folder.write("seven.jsonl", std::string(kSeven) + "\n").string();
  const Outcome read = inkling_command("predict " + model() + " " + one + " " + seven);
  EXPECT_EQ(read.code, 0) << read.text;
  EXPECT_NE(read.text.find("one.pgm  1  "), std::string::npos) << read.text;
  EXPECT_NE(read.text.find("seven.jsonl:1  7  "), std::string::npos) << read.text;
}

TEST(Predict, AnswersAsJsonWithTenProbabilities) {
  const TempFolder folder;
  const std::string one = folder.write("one.pgm", one_as_pgm(120)).string();
  const Outcome read =
      inkling_command("predict " + model() + " --with " + model() + " " + one + " --tta 3 --json");
  ASSERT_EQ(read.code, 0) << read.text;
  const Json answer = Json::parse(read.text).at("answers").at(0);
  EXPECT_EQ(answer.at("digit"), 1);
  EXPECT_EQ(answer.at("probabilities").size(), 10u);
  EXPECT_EQ(answer.at("confidence"), answer.at("probabilities").at(1));
}

TEST(Predict, SaysQuestionMarkBelowTheThreshold) {
  const TempFolder folder;
  const std::string one = folder.write("one.pgm", one_as_pgm(120)).string();
  const Outcome read = inkling_command("predict " + model() + " " + one + " --threshold 1");
  EXPECT_NE(read.text.find("  ?  "), std::string::npos) << read.text;
  EXPECT_NE(read.text.find("(1?)"), std::string::npos) << read.text;
}

TEST(Predict, AnswersTheGoodFilesAndNamesTheBad) {
  const TempFolder folder;
  const std::string one = folder.write("one.pgm", one_as_pgm(120)).string();
  const std::string bad = folder.write("bad.png", "\x89PNG and no more").string();
  const Outcome read = inkling_command("predict " + model() + " " + bad + " " + one);
  expect_sentence(read, "bad.png");
  EXPECT_NE(read.text.find("one.pgm  1  "), std::string::npos) << read.text;
  const std::string command = "predict " + model() + " ";
  expect_sentence(inkling_command(command + folder.path().string()), "is a folder");
  expect_sentence(inkling_command(command + "/nonexistent.png"), "cannot open");
  expect_sentence(inkling_command(command + folder.write("e.jsonl", "{}\n").string()), "line 1");
  expect_sentence(inkling_command(command + one + " --input-scale auto"), "needs labels");
  expect_sentence(inkling_command(command + one + " --input-scale huge"), "MEAN,DEVIATION");
  expect_sentence(inkling_command(command + one + " --input-scale 0.5,0"), "MEAN,DEVIATION");
  EXPECT_EQ(inkling_command(command + one + " --tta 10").code, 2);
  EXPECT_EQ(inkling_command("predict " + model()).code, 2);
}

// Kaggle's test.csv of `count` images, all of them the same 1.
std::string kaggle_test(int count) {
  std::string row;
  for (int i = 0; i < 784; ++i) {
    const int x = i % 28, y = i / 28;
    row += std::string(i == 0 ? "" : ",") + (x >= 13 && x <= 14 && y >= 4 && y < 24 ? "255" : "0");
  }
  std::string text = csv_header(/*with_labels=*/false);
  if (text.back() != '\n') text += '\n';
  for (int i = 0; i < count; ++i) text += row + "\n";
  return text;
}

TEST(Submit, WritesKagglesFormat) {
  const TempFolder folder;
  const std::string csv = folder.write("test.csv", kaggle_test(3)).string();
  const std::string out = (folder / "submission.csv").string();
  const Outcome done = inkling_command("submit " + model() + " " + csv + " -o " + out);
  EXPECT_EQ(done.code, 0) << done.text;
  EXPECT_EQ(read_file(out), "ImageId,Label\n1,1\n2,1\n3,1\n");
}

TEST(Submit, LeavesNothingBehindWhenItFails) {
  const TempFolder folder;
  const std::string csv = folder.write("test.csv", kaggle_test(1)).string();
  const std::string out = " -o " + (folder / "submission.csv").string();
  std::string zeros = "7";
  for (int i = 0; i < 784; ++i) zeros += ",0";
  const std::string labelled = folder.write("train.csv", zeros + "\n").string();
  expect_sentence(inkling_command("submit " + model() + " " + labelled + out), "has labels");
  expect_sentence(inkling_command("submit " + model() + " /nonexistent.csv" + out), "cannot open");
  expect_sentence(inkling_command("submit " + csv + " " + csv + out), "test.csv: ");
  EXPECT_FALSE(fs::exists(folder / "submission.csv"));
  expect_sentence(inkling_command("submit " + model() + " " + csv + " -o /dev/full"), "/dev/full");
  expect_sentence(
      inkling_command("submit " + model() + " " + csv + " -o " + folder.path().string()),
      "names a folder");
}

std::vector<float> floats(const fs::path& path) {
  const std::string bytes = read_file(path);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

// Two networks of a few steps: different, and both know a little.
class TwoRuns : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    folder_->write("s.jsonl", stroke_file(synthetic_drawings(20, 4)));
    for (const char* seed : {"1", "2"}) {
      const Outcome trained = inkling_command(
          "train --preset mlp --strokes " + file("s.jsonl") + " --epochs 3 --batch 16 --seed " +
          seed + " --average-decay 0.8 --out " + file(std::string("run") + seed));
      ASSERT_EQ(trained.code, 0) << trained.text;
    }
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::string file(const std::string& name) { return (*folder_ / name).string(); }
  static Json evaluate(const std::string& arguments) {
    const Outcome scored =
        inkling_command("evaluate " + arguments + " --strokes " + file("s.jsonl") + " --json");
    EXPECT_EQ(scored.code, 0) << scored.text;
    return Json::parse(scored.text);
  }

  static inline TempFolder* folder_ = nullptr;
};

TEST_F(TwoRuns, TogetherAnswerTheMeanOfTheirProbabilities) {
  evaluate(file("run1") + " --probabilities " + file("a"));
  evaluate(file("run2") + " --probabilities " + file("b"));
  const Json both = evaluate(file("run1") + " " + file("run2") + " --probabilities " + file("ab"));
  const auto a = floats(file("a")), b = floats(file("b")), ab = floats(file("ab"));
  ASSERT_EQ(ab.size(), a.size());
  EXPECT_NE(a, b);
  for (std::size_t i = 0; i < ab.size(); ++i) EXPECT_NEAR(ab[i], (a[i] + b[i]) / 2, 1e-6);
  EXPECT_NE(both.at("how").get<std::string>().find("2 models"), std::string::npos);
  const double mean = (evaluate(file("run1")).at("threshold").get<double>() +
                       evaluate(file("run2")).at("threshold").get<double>()) /
                      2;
  EXPECT_NEAR(both.at("threshold").get<double>(), mean, 1e-9);
}

TEST_F(TwoRuns, SeveralViewsChangeTheProbabilitiesAndLittleElse) {
  const Json one = evaluate(file("run1") + " --tta 1 --probabilities " + file("a"));
  const Json nine = evaluate(file("run1") + " --tta 9 --probabilities " + file("b"));
  EXPECT_NE(floats(file("a")), floats(file("b")));
  EXPECT_NEAR(one["sets"][0]["accuracy"].get<double>(), nine["sets"][0]["accuracy"].get<double>(),
              0.2);
  EXPECT_NE(nine.at("how").get<std::string>().find("9 views"), std::string::npos);
}

TEST_F(TwoRuns, AnAccuracyHasItsIntervalItsCalibrationAndItsLeaks) {
  const Json set = evaluate(file("run1")).at("sets").at(0);
  EXPECT_LT(set.at("interval_95").at(0), set.at("accuracy"));
  EXPECT_GT(set.at("interval_95").at(1), set.at("accuracy"));
  EXPECT_GE(set.at("expected_calibration_error"), 0);
  EXPECT_FALSE(set.at("leaks").get<std::string>().empty());
}

TEST_F(TwoRuns, WhatWasReadWrongIsPainted) {
  evaluate(file("run1") + " --errors " + file("errors.png"));
  EXPECT_TRUE(read_file(file("errors.png")).starts_with("\x89PNG"));
  expect_sentence(inkling_command("evaluate " + file("run1") + " --strokes " + file("s.jsonl") +
                                  " --errors /nonexistent/e.png"),
                  "/nonexistent/e.png");
}

TEST_F(TwoRuns, AForeignModelsInputScaleIsFoundByTrying) {
  // The same network, told that ink comes as 0 to 255.
  fs::copy(file("run1"), file("foreign"), fs::copy_options::recursive);
  Json run = Json::parse(read_file(file("run1/run.json")));
  run["network"]["input_scale"] = run["network"]["input_scale"].get<double>() / 255;
  write_file(file("foreign/run.json"), run.dump());
  const std::string onnx = file("foreign.onnx");
  ASSERT_EQ(inkling_command("export " + file("foreign") + " -o " + onnx).code, 0);

  const auto correct = [&](const Json& report) { return report["sets"][0]["correct"].get<int>(); };
  const int right = correct(evaluate(file("run1")));
  EXPECT_LT(correct(evaluate(onnx)), right);
  EXPECT_EQ(correct(evaluate(onnx + " --input-scale 0..255")), right);
  EXPECT_EQ(correct(evaluate(onnx + " --input-scale 0,0.00392156862745098")), right);
  const Json found = evaluate(onnx + " --input-scale auto");
  EXPECT_EQ(correct(found), right);
  EXPECT_EQ(found.at("input_scales").at(0), "0..255");
  expect_sentence(
      inkling_command("evaluate " + onnx + " " + onnx + " " + onnx +
                      " --input-scale 0..1 --input-scale auto --strokes " + file("s.jsonl")),
      "once for each model");
}

}  // namespace
}  // namespace inkling
