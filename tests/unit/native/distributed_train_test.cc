// `inkling train` as several processes: the weights of one, rank 0 alone writes, a lost process is
// named, and the run goes on with another number of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "processes.h"
#include "synthetic.h"
#include "train/safetensors.h"

namespace inkling {
namespace {

namespace fs = std::filesystem;

// What float32 sums in another order may differ by after ten steps.
constexpr double kSameWeights = 1e-5;

class SharedTraining : public testing::Test {
 protected:
  SharedTraining()
      : strokes_(folder_.write("s.jsonl", stroke_file(synthetic_drawings(20, 8))).string()) {}

  // Of 175 drawings: five steps an epoch.
  std::vector<std::string> command(const std::string& run, const std::string& preset, int epochs,
                                   const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {INKLING_BINARY,   "train",
                                      "--strokes",      strokes_,
                                      "--out",          out(run).string(),
                                      "--preset",       preset,
                                      "--width",        "0.25",
                                      "--dropout",      "0",
                                      "--batch",        "35",
                                      "--epochs",       std::to_string(epochs),
                                      "--peer-timeout", "8"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  fs::path out(const std::string& run) const { return folder_ / run; }

  void train(int processes, const std::vector<std::string>& words) {
    Processes all(processes, words);
    for (int rank = 0; rank < processes; ++rank) {
      const Processes::End end = all.end(static_cast<std::size_t>(rank));
      ASSERT_EQ(end.code, 0) << "rank " << rank << ": " << end.text;
      if (rank > 0) {
        EXPECT_EQ(end.text, "") << "rank " << rank << " is to be silent";
      }
    }
  }

  // Ten steps by `processes`: the weights, not their average, by name.
  std::map<std::string, torch::Tensor> ten_steps(int processes, const std::string& preset,
                                                 std::vector<std::string> more = {}) {
    const std::string run = preset + std::to_string(processes);
    more.insert(more.end(),
                {"--average-decay", "0", "--optimizer", "sgd", "--learning-rate", "0.01"});
    train(processes, command(run, preset, 2, more));
    return load_tensors(out(run) / "last.safetensors").tensors;
  }

  TempFolder folder_;
  std::string strokes_;
};

double largest_difference(const std::map<std::string, torch::Tensor>& a,
                          const std::map<std::string, torch::Tensor>& b) {
  double largest = a.size() == b.size() ? 0 : 1e9;
  for (const auto& [name, tensor] : a) {
    const torch::Tensor difference = tensor.to(torch::kFloat64) - b.at(name).to(torch::kFloat64);
    largest = std::max(largest, difference.abs().max().item<double>());
  }
  return largest;
}

TEST_F(SharedTraining, TwoOrFourProcessesGiveTheWeightsOfOne) {
  const auto one = ten_steps(1, "mlp");
  for (const int processes : {2, 4}) {
    EXPECT_LE(largest_difference(one, ten_steps(processes, "mlp")), kSameWeights) << processes;
  }
  const auto json = nlohmann::json::parse(read_file(out("mlp4") / "run.json")).at("details");
  EXPECT_EQ(json.at("processes"), 4);
}

TEST_F(SharedTraining, SynchronisedBatchNormGivesTheWeightsOfOneProcess) {
  const auto one = ten_steps(1, "two-stage");
  EXPECT_LE(largest_difference(one, ten_steps(2, "two-stage", {"--sync-batch-norm"})),
            kSameWeights);
  // Without, each process sees its own rows' statistics: the comparison would notice.
  EXPECT_GT(largest_difference(one, ten_steps(3, "two-stage")), kSameWeights);
}

TEST_F(SharedTraining, AKilledProcessIsNamedAndTheRunGoesOnWithAnotherNumber) {
  const std::vector<std::string> words = command("run", "mlp", 60, {"--checkpoint-minutes", "0"});
  {
    Processes all(2, words);
    const fs::path log = out("run") / "metrics.jsonl";
    while (!fs::exists(log) || fs::file_size(log) == 0) {
      ASSERT_TRUE(all.runs(0)) << all.text(0);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    all.signal(1, SIGKILL);
    const Processes::End end = all.end(0);
    EXPECT_EQ(end.code, 1) << end.text;
    const std::string sentence =
        "inkling: rank 0 of 2: rank 1 (process " + std::to_string(all.pid(1)) + " on ";
    EXPECT_NE(end.text.find(sentence), std::string::npos) << end.text;
    EXPECT_NE(end.text.find("is lost"), std::string::npos) << end.text;
    EXPECT_NE(end.text.find("--resume"), std::string::npos) << end.text;
  }
  std::vector<std::string> resumed = words;
  resumed.push_back("--resume");
  train(3, resumed);
  const auto json = nlohmann::json::parse(read_file(out("run") / "run.json")).at("details");
  EXPECT_EQ(json.at("epochs_trained"), 60);
  EXPECT_EQ(json.at("processes"), 3);
  const std::string log = read_file(out("run") / "metrics.jsonl");
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 60);
}

TEST_F(SharedTraining, WhatRankZeroFailsByIsToldByAll) {
  folder_.write("file", "not a folder");
  Processes all(2, command("file/run", "mlp", 1));
  const std::string said = all.end(0).text;
  EXPECT_NE(said.find("inkling: rank 0 of 2: cannot make the folder"), std::string::npos) << said;
  const Processes::End other = all.end(1);
  EXPECT_EQ(other.code, 1);
  EXPECT_NE(other.text.find("ended: cannot make the folder"), std::string::npos) << other.text;
}

TEST_F(SharedTraining, OtherDataThanRankZerosIsRefused) {
  Processes all;
  const std::string port = std::to_string(free_port());
  const std::string other =
      folder_.write("o.jsonl", stroke_file(synthetic_drawings(21, 8))).string();
  for (const std::string rank : {"0", "1"}) {
    std::vector<std::string> words = command("run", "mlp", 1);
    if (rank == "1") words[3] = other;
    all.start(words, {{"RANK", rank},
                      {"WORLD_SIZE", "2"},
                      {"MASTER_ADDR", "127.0.0.1"},
                      {"MASTER_PORT", port},
                      {"OMP_NUM_THREADS", "1"}});
  }
  const std::string said = all.end(1).text;
  EXPECT_NE(said.find("of rank 1 differ from rank 0's"), std::string::npos) << said;
  EXPECT_EQ(all.end(0).code, 1);
}

TEST_F(SharedTraining, MpirunStartsIt) {
  if (std::system("command -v mpirun >/dev/null") != 0) {
    GTEST_SKIP() << "there is no mpirun here; Debian has one in openmpi-bin";
  }
  Processes all;
  std::vector<std::string> words = {"mpirun", "-n", "2", "--oversubscribe"};
  const std::vector<std::string> rest = command("run", "mlp", 1);
  words.insert(words.end(), rest.begin(), rest.end());
  // As root, which is how a container runs, Open MPI wants to be told twice.
  all.start(words, {{"OMPI_ALLOW_RUN_AS_ROOT", "1"},
                    {"OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"},
                    {"OMP_NUM_THREADS", "1"}});
  const Processes::End end = all.end(0);
  ASSERT_EQ(end.code, 0) << end.text;
  const auto json = nlohmann::json::parse(read_file(out("run") / "run.json")).at("details");
  EXPECT_EQ(json.at("processes"), 2);
}

}  // namespace
}  // namespace inkling
