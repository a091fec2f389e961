// The command as people run it: train, export and evaluate end to end on made-up drawings; exit
// codes and one sentence for what goes wrong.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "command.h"
#include "data/file.h"
#include "report/answers.h"
#include "synthetic.h"
#include "temp_folder.h"

namespace inkling {
namespace {

class TrainedOnce : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    strokes_ = folder_->write("s.jsonl", stroke_file(synthetic_drawings(40, 8))).string();
    const Outcome trained =
        inkling_command("train --strokes " + strokes_ + " --epochs 6 --batch 32 " +
                        "--average-decay 0.9 --out " + run());
    ASSERT_EQ(trained.code, 0) << trained.text;
    EXPECT_NE(trained.text.find("epoch 6/6"), std::string::npos) << trained.text;
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::string run() { return (*folder_ / "run").string(); }
  static std::string file(const std::string& name) { return (*folder_ / name).string(); }

  static inline TempFolder* folder_ = nullptr;
  static inline std::string strokes_;
};

TEST_F(TrainedOnce, ExportsAndEvaluatesLikeTheRunItself) {
  const Outcome exported = inkling_command("export " + run() + " -o " + file("m.onnx"));
  ASSERT_EQ(exported.code, 0) << exported.text;
  const auto correct = [&](const std::string& model) {
    const Outcome scored =
        inkling_command("evaluate " + model + " --strokes " + strokes_ + " --json");
    EXPECT_EQ(scored.code, 0) << scored.text;
    return nlohmann::json::parse(scored.text).at("sets").at(0).at("correct").get<int>();
  };
  EXPECT_EQ(correct(file("m.onnx")), correct(run()));
  EXPECT_GE(correct(run()), 360);  // of 400
}

TEST_F(TrainedOnce, WritesProbabilitiesForOtherPrograms) {
  ASSERT_EQ(inkling_command("export --fp16 " + run() + " -o " + file("half.onnx")).code, 0);
  const Outcome scored = inkling_command("evaluate " + file("half.onnx") + " --strokes " +
                                         strokes_ + " --probabilities " + file("p.bin"));
  ASSERT_EQ(scored.code, 0) << scored.text;
  EXPECT_EQ(std::filesystem::file_size(file("p.bin")), 400u * 10 * 4);
}

TEST_F(TrainedOnce, IsGoneOnFromByAnotherRun) {
  const std::string line = "train --strokes " + strokes_ +
                           " --epochs 1 --batch 32 --learning-rate " +
                           "1e-5 --average-decay 0 --start-from " + run() + " --out ";
  const Outcome further = inkling_command(line + file("further"));
  ASSERT_EQ(further.code, 0) << further.text;
  const Outcome scored =
      inkling_command("evaluate " + file("further") + " --strokes " + strokes_ + " --json");
  EXPECT_GE(nlohmann::json::parse(scored.text).at("sets").at(0).at("correct").get<int>(), 360);
  expect_sentence(inkling_command(line + file("other") + " --preset mlp"), "'compact'");
  EXPECT_EQ(further.text.find("this validation accuracy is too high"), std::string::npos);

  // Another seed holds out what the first run learned; what it learned is kept with the new run.
  const Outcome stranger = inkling_command(line + file("stranger") + " --seed 2");
  ASSERT_EQ(stranger.code, 0) << stranger.text;
  EXPECT_NE(stranger.text.find("this validation accuracy is too high"), std::string::npos)
      << stranger.text;
  EXPECT_NE(stranger.text.find("images that --start-from or --teacher had"), std::string::npos);
  const Outcome judged = inkling_command("evaluate " + file("stranger") + " --strokes " + strokes_);
  EXPECT_NE(judged.text.find("400 of 400 evaluation images were in the training data"),
            std::string::npos)
      << judged.text;

  // Unless what is held out is the first run's, which quantize knows, too.
  const std::string kin = file("kin");
  const Outcome related = inkling_command(line + kin + " --seed 2 --validation-seed 1");
  ASSERT_EQ(related.code, 0) << related.text;
  EXPECT_EQ(related.text.find("this validation accuracy is too high"), std::string::npos)
      << related.text;
  const Outcome rounded = inkling_command("quantize " + kin + " --weights-only --strokes " +
                                          strokes_ + " -o " + file("kin.onnx"));
  EXPECT_EQ(rounded.code, 0) << rounded.text;
}

// With nothing but the teacher's answers, a run's or a file's, a student learns what the teacher
// knows.
TEST_F(TrainedOnce, TeachesAnotherNetwork) {
  const std::string teacher_file = file("teacher.onnx");
  ASSERT_EQ(inkling_command("export " + run() + " -o " + teacher_file).code, 0);
  for (const std::string& teacher : {run(), teacher_file}) {
    const std::string student = file(teacher == run() ? "student" : "student-of-a-file");
    const Outcome taught =
        inkling_command("train --strokes " + strokes_ + " --preset mlp --width 0.2 --epochs 8 " +
                        "--batch 32 --average-decay 0.9 --teacher " + teacher +
                        " --teacher-share 1 --out " + student);
    ASSERT_EQ(taught.code, 0) << taught.text;
    EXPECT_EQ(taught.text.find("not known: what " + teacher) != std::string::npos,
              teacher == teacher_file)
        << taught.text;
    const Outcome scored =
        inkling_command("evaluate " + student + " --strokes " + strokes_ + " --json");
    EXPECT_GE(nlohmann::json::parse(scored.text).at("sets").at(0).at("correct").get<int>(), 300);
  }
  const auto refuses = [&](const std::string& teacher, const std::string& piece) {
    expect_sentence(inkling_command("train --strokes " + strokes_ + " --out " + file("orphan") +
                                    " --teacher " + teacher),
                    piece);
  };
  refuses(file("nobody"), "nobody");
  write_file(file("junk.onnx"), "no model");
  refuses(file("junk.onnx"), "junk.onnx");
}

TEST_F(TrainedOnce, IsQuantizedByRoundingAndByTraining) {
  const Outcome rounded =
      inkling_command("quantize " + run() + " --weights-only -o " + file("w8.onnx"));
  ASSERT_EQ(rounded.code, 0) << rounded.text;
  const Outcome trained = inkling_command("quantize " + run() + " --strokes " + strokes_ +
                                          " --batch 32 --epochs 1 -o " + file("q8.onnx"));
  ASSERT_EQ(trained.code, 0) << trained.text;
  EXPECT_NE(trained.text.find("epoch 1/1"), std::string::npos) << trained.text;
  for (const char* name : {"w8.onnx", "q8.onnx"}) {
    const Outcome scored =
        inkling_command("evaluate " + file(name) + " --strokes " + strokes_ + " --json");
    ASSERT_EQ(scored.code, 0) << scored.text;
    EXPECT_GE(nlohmann::json::parse(scored.text).at("sets").at(0).at("correct").get<int>(), 360);
  }
  expect_sentence(inkling_command("quantize " + run() + " --epochs 1 -o " + file("no.onnx")),
                  "--strokes FILE");
  expect_sentence(inkling_command("quantize " + run() + " --strokes " + strokes_ +
                                  " --validation 0.5 -o " + file("no.onnx")),
                  "are among those that the run in");
  EXPECT_FALSE(std::filesystem::exists(file("no.onnx")));

  // An accuracy on MNIST's test part is written where that part was not learned from.
  for (const auto& [part, count] : {std::pair{"train", 300u}, std::pair{"t10k", 100u}}) {
    write_file(file(std::string(part) + "-images-idx3-ubyte"),
               idx_images(count, 28, 28, part[1] == '1' ? 1000u : 0u));
    write_file(file(std::string(part) + "-labels-idx1-ubyte"),
               idx_labels(std::vector<int>(count, 7)));
  }
  for (const char* part : {"train", "test"}) {
    const Outcome tuned = inkling_command(
        "quantize " + run() + " --mnist " + folder_->path().string() + " --mnist-part " + part +
        " --batch 32 --epochs 1 --weights-only -o " + file("q.onnx"));
    ASSERT_EQ(tuned.code, 0) << tuned.text;
    EXPECT_EQ(read_file(file("q.onnx")).find("mnist_test_accuracy") != std::string::npos,
              std::string(part) == "train");
  }
}

TEST_F(TrainedOnce, IsAskedAboutOtherCanvasesAndWhatIsNoDigit) {
  const Outcome scored = inkling_command("evaluate " + run() + " --strokes " + strokes_ +
                                         " --canvases --not-digits 60 --json");
  ASSERT_EQ(scored.code, 0) << scored.text;
  const auto json = nlohmann::json::parse(scored.text);
  ASSERT_EQ(json.at("canvases").size(), 8u);
  EXPECT_EQ(json["canvases"][1].at("canvas"), "a digit 4,000 pixels high, far off");
  EXPECT_NEAR(json["canvases"][1].at("accuracy").get<double>(),
              json.at("sets").at(0).at("accuracy").get<double>(), 0.01);
  ASSERT_EQ(json.at("not_digits").size(), 2u);
  EXPECT_EQ(json["not_digits"][0].at("drawings"), 60);
  EXPECT_EQ(json["not_digits"][1].at("curve").size(), 5u);
}

TEST_F(TrainedOnce, ACutOffModelOrCheckpointIsNamed) {
  ASSERT_EQ(inkling_command("export " + run() + " -o " + file("whole.onnx")).code, 0);
  folder_->write("cut.onnx", read_file(file("whole.onnx")).substr(0, 5000));
  expect_sentence(inkling_command("evaluate " + file("cut.onnx") + " --strokes " + strokes_),
                  "cut.onnx: ");
  std::filesystem::create_directory(file("broken"));
  std::filesystem::copy(run(), file("broken"), std::filesystem::copy_options::recursive);
  std::filesystem::resize_file(file("broken/best.safetensors"), 1000);
  expect_sentence(inkling_command("export " + file("broken") + " -o " + file("no.onnx")),
                  "best.safetensors");
  EXPECT_FALSE(std::filesystem::exists(file("no.onnx")));
}

TEST_F(TrainedOnce, NothingThatWasReadIsReplaced) {
  ASSERT_EQ(inkling_command("export " + run() + " -o " + file("kept.onnx")).code, 0);
  const std::string model = read_file(file("kept.onnx")),
                    weights = read_file(file("run/best.safetensors"));
  const std::string drawings = read_file(strokes_);
  for (const std::string& line :
       {"export " + run() + " -o " + file("run/best.safetensors"),
        "evaluate " + file("kept.onnx") + " --strokes " + strokes_ + " --probabilities " + strokes_,
        "evaluate " + file("kept.onnx") + " --strokes " + strokes_ + " --errors " +
            file("kept.onnx"),
        "report " + run() + " -o " + file("run/run.json"),
        "preview --strokes " + strokes_ + " --out " + strokes_}) {
    expect_sentence(inkling_command(line), "it would replace what was just read");
  }
  EXPECT_EQ(read_file(file("kept.onnx")), model);
  EXPECT_EQ(read_file(file("run/best.safetensors")), weights);
  EXPECT_EQ(read_file(strokes_), drawings);
  EXPECT_EQ(inkling_command("report " + run()).code, 0);
  EXPECT_EQ(inkling_command("report " + run()).code, 0);  // a report may replace the one before
}

TEST_F(TrainedOnce, DrawingsWithoutADigitAreCounted) {
  const std::string odd = R"({"label":"A","strokes":[[[1,1],[5,9]]]})";
  folder_->write("odd.jsonl", read_file(strokes_) + odd + "\n" + odd + "\n");
  const Outcome scored = inkling_command("evaluate " + run() + " --strokes " + file("odd.jsonl"));
  EXPECT_EQ(scored.code, 0);
  EXPECT_NE(scored.text.find("2 of 402 drawings"), std::string::npos) << scored.text;
}

TEST(CommandLine, FlagsThatMakeNoSenseAreRefusedBeforeAnythingIsWritten) {
  const TempFolder folder;
  const auto strokes = folder.write("s.jsonl", stroke_file(synthetic_drawings(4, 2))).string();
  const std::string train = "train --strokes " + strokes + " --out " + (folder / "run").string();
  expect_sentence(inkling_command(train + " --seed 1,1"), "names a seed twice");
  expect_sentence(inkling_command(train + " --optimizer sgd --nesterov --momentum 0"),
                  "--nesterov needs");
  expect_sentence(inkling_command(train + " --width 64 --depth 100"), "lower --width");
  for (const char* flag : {"--width", "--dropout", "--weight-decay", "--lr-factor"}) {
    const Outcome outcome = inkling_command(train + " " + flag + " nan");
    EXPECT_NE(outcome.code, 0) << flag;
    EXPECT_NE(outcome.text.find("nan is not a number from"), std::string::npos) << outcome.text;
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

TEST(CommandLine, AFolderThatAnotherTrainingWritesToIsRefused) {
  const TempFolder folder;
  const auto strokes = folder.write("s.jsonl", stroke_file(synthetic_drawings(4, 2))).string();
  std::filesystem::create_directory(folder / "run");
  const FolderLock other(folder / "run");
  expect_sentence(inkling_command("train --epochs 1 --batch 8 --strokes " + strokes + " --out " +
                                  (folder / "run").string()),
                  "another training is writing to");
  EXPECT_FALSE(std::filesystem::exists(folder / "run" / "recipe.json"));
}

TEST(CommandLine, AVerbThatIsNoneIsNamed) {
  const Outcome outcome = inkling_command("evaluat model.onnx");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.text.find("there is no verb 'evaluat'; there are train, evaluate"),
            std::string::npos)
      << outcome.text;
}

TEST_F(TrainedOnce, ASecondRunIntoTheSameFolderIsRefused) {
  const std::string before = read_file(file("run/run.json"));
  expect_sentence(inkling_command("train --strokes " + strokes_ + " --out " + run()),
                  "already holds a run");
  EXPECT_EQ(read_file(file("run/run.json")), before);
}

TEST(CommandLine, SeveralSeedsAreARunEachAndASummary) {
  const TempFolder folder;
  const std::string strokes =
      folder.write("s.jsonl", stroke_file(synthetic_drawings(12, 6))).string();
  const Outcome trained =
      inkling_command("train --strokes " + strokes + " --test-strokes " + strokes +
                      " --preset mlp --width 0.05 --epochs 2 --batch 16 --seed 3,4 --out " +
                      (folder / "run").string());
  ASSERT_EQ(trained.code, 0) << trained.text;
  const auto summary = nlohmann::json::parse(read_file(folder / "run/seeds.json"));
  EXPECT_EQ(summary.at("seeds"), nlohmann::json({3, 4}));
  EXPECT_EQ(summary.at("accuracy").at("s.jsonl").at("each").size(), 2u);
  for (const char* seed : {"seed-3", "seed-4"}) {
    const auto run =
        nlohmann::json::parse(read_file(folder / (std::string("run/") + seed + "/run.json")));
    const auto& test = run.at("details").at("tests").at(0);
    EXPECT_NE(test.at("leaks").get<std::string>().find("not a test score"), std::string::npos);
    EXPECT_FALSE(run.at("details").contains("mnist_test"));
    for (const char* part : {"validation", "test"}) {
      EXPECT_EQ(load_answers(folder / ("run/" + std::string(seed)), part).size(), 1u) << part;
    }
  }
  EXPECT_NE(trained.text.find("this is not a test score"), std::string::npos) << trained.text;

  // A seed that is there is not trained over, whichever are named beside it.
  const std::string before = read_file(folder / "run/seed-4/run.json");
  const std::string recipe = read_file(folder / "run/recipe.json");
  for (const char* seeds : {"1,4", "9"}) {
    expect_sentence(inkling_command("train --strokes " + strokes + " --preset mlp --width 0.05 " +
                                    "--epochs 2 --batch 16 --seed " + seeds + " --out " +
                                    (folder / "run").string()),
                    "already holds a run");
  }
  EXPECT_EQ(read_file(folder / "run/seed-4/run.json"), before);
  EXPECT_EQ(read_file(folder / "run/recipe.json"), recipe);
}

TEST(CommandLine, AFileWhoseNameIsNoUtf8IsTrainedOn) {
  const TempFolder folder;
  folder.write("caf\xe9.jsonl", stroke_file(synthetic_drawings(12, 6)));
  const Outcome trained = inkling_command(
      "train --strokes " + (folder / "caf").string() +
      "*.jsonl --preset mlp --width 0.05 --epochs 1 --batch 16 --out " + (folder / "run").string());
  EXPECT_EQ(trained.code, 0) << trained.text;
  EXPECT_NE(trained.text.find("no UTF-8, so this run could not be resumed"), std::string::npos);
}

TEST(CommandLine, SetsOfOneFileNameAreToldApart) {
  const TempFolder folder;
  std::filesystem::create_directories(folder / "a"),
      std::filesystem::create_directories(folder / "b");
  const std::string learned =
      folder.write("a/s.jsonl", stroke_file(synthetic_drawings(12, 6))).string();
  const std::string other =
      folder.write("b/s.jsonl", stroke_file(synthetic_drawings(3, 2, 77))).string();
  const Outcome trained = inkling_command(
      "train --strokes " + learned + " --test-strokes " + other + " --test-strokes " + learned +
      " --preset mlp --width 0.05 --epochs 1 --batch 16 --out " + (folder / "run").string());
  ASSERT_EQ(trained.code, 0) << trained.text;
  const auto tests =
      nlohmann::json::parse(read_file(folder / "run/run.json")).at("details").at("tests");
  EXPECT_EQ(tests.at(0).at("name"), other);
  EXPECT_EQ(tests.at(0).at("leaks"), "none of 30 evaluation images was in the training data");
  EXPECT_EQ(tests.at(1).at("name"), learned);
  EXPECT_NE(tests.at(1).at("leaks").get<std::string>().find("120 evaluation images were"),
            std::string::npos);
}

TEST(CommandLine, WrongUsageExitsWithTwo) {
  EXPECT_EQ(inkling_command("").code, 2);
  EXPECT_EQ(inkling_command("paint").code, 2);
  EXPECT_EQ(inkling_command("train --epochs nine").code, 2);
  EXPECT_EQ(inkling_command("train --epochs -3").code, 2);
  EXPECT_EQ(inkling_command("train --epochs 0").code, 2);
  EXPECT_EQ(inkling_command("train --seed -1").code, 2);
  EXPECT_EQ(inkling_command("train --validation-seed -1").code, 2);
  EXPECT_EQ(inkling_command("train --mixup 0.001").code, 2);
  for (const char* flag : {"learning-rate", "average-decay", "warmup-epochs", "refuse", "rotation",
                           "validation", "label-smoothing"}) {
    EXPECT_EQ(inkling_command(std::string("train --") + flag + " nan").code, 2) << flag;
  }
  EXPECT_EQ(inkling_command("evaluate").code, 2);
}

TEST(CommandLine, AnAnswerThatCannotBeWrittenIsAFailure) {
  // In a group, so that only stdout is full.
  const std::string listing = std::string(INKLING_BINARY) + " train --list-presets";
  expect_sentence(inkling_command("--version; (" + listing + " > /dev/full)"),
                  "could not be written");
}

TEST(CommandLine, HelpAndVersionExitWithZero) {
  EXPECT_EQ(inkling_command("--version").code, 0);
  for (const char* verb : {"train", "export", "quantize", "evaluate", "fetch"}) {
    const Outcome help = inkling_command(std::string(verb) + " --help");
    EXPECT_EQ(help.code, 0);
    EXPECT_NE(help.text.find("--"), std::string::npos);
  }
  EXPECT_NE(inkling_command("train --list-presets").text.find("42954"), std::string::npos);
}

TEST(CommandLine, AMissingTestPartIsSaidBeforeTheTraining) {
  const TempFolder folder;
  folder.write("train-images-idx3-ubyte", idx_images(200));
  folder.write("train-labels-idx1-ubyte", idx_labels(std::vector<int>(200, 1)));
  expect_sentence(inkling_command("train --mnist " + folder.path().string() + " --out " +
                                  (folder / "run").string()),
                  "t10k-images-idx3-ubyte");
}

TEST(CommandLine, FetchKaggleLikeCutsAFolderOfMnist) {
  const TempFolder folder;
  for (const char* part : {"train", "t10k"}) {
    folder.write(std::string(part) + "-images-idx3-ubyte", idx_images(50));
    folder.write(std::string(part) + "-labels-idx1-ubyte", idx_labels(std::vector<int>(50, 1)));
  }
  const std::string arguments = "fetch kaggle-like --mnist " + folder.path().string() + " --out ";
  const Outcome made = inkling_command(arguments + (folder / "kaggle").string());
  EXPECT_EQ(made.code, 0) << made.text;
  EXPECT_NE(made.text.find("a simulation of Kaggle's files"), std::string::npos) << made.text;
  EXPECT_TRUE(std::filesystem::exists(folder / "kaggle/train.csv"));
  expect_sentence(inkling_command(arguments + "/dev/null/x"), "cannot make the folder");
  EXPECT_EQ(inkling_command("fetch").code, 2);
  EXPECT_EQ(inkling_command("fetch cifar --out x").code, 2);
}

TEST(CommandLine, WhatGoesWrongIsOneSentence) {
  const TempFolder folder;
  const std::string out = " --out " + (folder / "run").string();
  expect_sentence(inkling_command("train" + out), "--mnist");
  expect_sentence(inkling_command("train --mnist /nonexistent" + out), "inkling fetch mnist");
  expect_sentence(inkling_command("train --strokes " + folder.path().string() + out),
                  "is a folder");
  expect_sentence(inkling_command("train --preset giant" + out), "compact");
  expect_sentence(inkling_command("evaluate /nonexistent.onnx --mnist x"), "cannot open");
  expect_sentence(inkling_command("evaluate " + folder.path().string() + " --mnist x"), "run.json");
  const std::string html = folder.write("page.onnx", "<!doctype html><title>404</title>").string();
  expect_sentence(inkling_command("evaluate " + html + " --mnist x"), "page.onnx");
}

}  // namespace
}  // namespace inkling
