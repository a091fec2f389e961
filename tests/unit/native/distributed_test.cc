// Several processes as one: the same sums and weights, and the name of whoever is lost.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "processes.h"
#include "train/safetensors.h"
#include "train/sync_batch_norm.h"

namespace inkling {
namespace {

// The bar of "the same result": what float32 sums in another order may differ by after ten steps.
constexpr double kSameWeights = 1e-5;
// A lost process is found after half of it. Long enough for a beat a tenth of that to come through
// on a loaded machine.
const std::string kTimeout = "8";

std::vector<std::string> worker(const std::string& what, const std::string& seconds = "60",
                                const std::string& file = "") {
  return {DISTRIBUTED_WORKER, what, seconds, file};
}

bool contains(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

void expect_lost(Processes::End end, const std::string& who, const std::string& how) {
  EXPECT_EQ(end.code, 1) << end.text;
  EXPECT_TRUE(contains(end.text, "failed: " + who)) << end.text << "\n  lacks: " << who;
  EXPECT_TRUE(contains(end.text, how)) << end.text << "\n  lacks: " << how;
}

// As the sentence names it: rank, process and machine.
std::string named(const Processes& processes, std::size_t rank) {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  return "rank " + std::to_string(rank) + " (process " + std::to_string(processes.pid(rank)) +
         " on " + host + ")";
}

class Group : public testing::TestWithParam<int> {};

TEST_P(Group, SumsBroadcastsAndKnowsItsPlace) {
  const int n = GetParam();
  Processes processes(n, worker("exchange"));
  for (int rank = 0; rank < n; ++rank) {
    const Processes::End end = processes.end(static_cast<std::size_t>(rank));
    ASSERT_EQ(end.code, 0) << end.text;
    const auto said = nlohmann::json::parse(end.text);
    EXPECT_EQ(said["rank"], rank);
    EXPECT_EQ(said["size"], n);
    EXPECT_EQ(said["local_rank"], rank);
    EXPECT_GE(said["cores"].get<int>(), 1);
    EXPECT_LE(said["cores"].get<unsigned>(),
              std::max(1U, std::thread::hardware_concurrency() / static_cast<unsigned>(n)));
    EXPECT_EQ(said["sums"][0], 6 * n * (n + 1) / 2);
    EXPECT_EQ(said["sums"][1], 50 * n * (n - 1) / 2);
    EXPECT_EQ(said["news"], nlohmann::json({3.0, 15.0}));
    EXPECT_EQ(said["text"], "xxx");
  }
}

// Ten steps by `n` processes; their weights by name.
std::map<std::string, torch::Tensor> weights_after_ten_steps(int n, const std::string& what) {
  const TempFolder folder;
  const std::string file = (folder / "weights.safetensors").string();
  Processes processes(n, worker(what, "60", file));
  for (int rank = 0; rank < n; ++rank) {
    const Processes::End end = processes.end(static_cast<std::size_t>(rank));
    EXPECT_EQ(end.code, 0) << end.text;
  }
  return load_tensors(file).tensors;
}

void expect_same_weights(int n, const std::string& what) {
  const auto one = weights_after_ten_steps(1, what);
  const auto several = weights_after_ten_steps(n, what);
  ASSERT_EQ(one.size(), several.size());
  for (const auto& [name, tensor] : one) {
    const double difference = (tensor.to(torch::kFloat64) - several.at(name).to(torch::kFloat64))
                                  .abs()
                                  .max()
                                  .item<double>();
    EXPECT_LE(difference, kSameWeights) << name;
  }
}

TEST_P(Group, TenStepsGiveTheWeightsOfOneProcess) { expect_same_weights(GetParam(), "plain"); }

TEST_P(Group, TenStepsWithSynchronisedBatchNormGiveTheWeightsOfOneProcess) {
  expect_same_weights(GetParam(), "norm");
}

TEST_P(Group, AKilledProcessIsNamedByAllOthers) {
  const int n = GetParam();
  Processes processes(n, worker("for-ever", kTimeout));
  ASSERT_TRUE(processes.says(0, "under way")) << processes.text(0);
  const std::size_t lost = static_cast<std::size_t>(n) - 1;
  processes.signal(lost, SIGKILL);
  for (std::size_t rank = 0; rank < lost; ++rank) {
    expect_lost(processes.end(rank), named(processes, lost), "is lost");
  }
}

TEST_P(Group, AKilledRankZeroWhichHoldsTheStoreIsNamedByAllOthers) {
  const int n = GetParam();
  Processes processes(n, worker("for-ever", kTimeout));
  ASSERT_TRUE(processes.says(1, "under way")) << processes.text(1);
  processes.signal(0, SIGKILL);
  for (std::size_t rank = 1; rank < static_cast<std::size_t>(n); ++rank) {
    expect_lost(processes.end(rank), named(processes, 0), "is lost");
  }
}

// One process alone: its sums are its own.
class Alone : public ProcessGroup {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  int local_rank() const override { return 0; }
  int cores() const override { return 1; }
  void sum(std::vector<torch::Tensor>&) override {}
  void broadcast(std::vector<torch::Tensor>&, int) override {}
  void barrier() override {}
  void farewell(const std::string&) override {}
};

TEST(SyncBatchNorm, IsLibTorchsBatchNormWhenThereIsOneProcess) {
  constexpr double kRounding = 1e-12;  // of float64
  torch::manual_seed(1);
  torch::nn::BatchNorm2d ours(3), theirs(3);
  ours->to(torch::kFloat64), theirs->to(torch::kFloat64);
  Alone alone;
  for (int step = 0; step < 2; ++step) {
    const torch::Tensor x = 5 + 2 * torch::randn({4, 3, 5, 6}, torch::kFloat64);
    const torch::Tensor dy = torch::randn_like(x);
    torch::Tensor x1 = x.clone().requires_grad_(), x2 = x.clone().requires_grad_();
    const torch::Tensor y1 = sync_batch_norm(*ours, x1, alone), y2 = theirs->forward(x2);
    y1.backward(dy), y2.backward(dy);
    EXPECT_TRUE(torch::allclose(y1, y2, kRounding, kRounding));
    EXPECT_TRUE(torch::allclose(x1.grad(), x2.grad(), kRounding, kRounding));
  }
  EXPECT_TRUE(torch::allclose(ours->weight.grad(), theirs->weight.grad(), kRounding, kRounding));
  EXPECT_TRUE(torch::allclose(ours->bias.grad(), theirs->bias.grad(), kRounding, kRounding));
  EXPECT_TRUE(torch::allclose(ours->running_mean, theirs->running_mean, kRounding, kRounding));
  EXPECT_TRUE(torch::allclose(ours->running_var, theirs->running_var, kRounding, kRounding));
  EXPECT_EQ(ours->num_batches_tracked.item<int>(), 2);
}

INSTANTIATE_TEST_SUITE_P(Of, Group, testing::Values(2, 4));

TEST(Group, AStoppedProcessIsNamed) {
  for (const std::size_t stopped : {std::size_t{1}, std::size_t{0}}) {
    Processes processes(2, worker("for-ever", kTimeout));
    ASSERT_TRUE(processes.says(0, "under way") && processes.says(1, "under way"));
    processes.signal(stopped, SIGSTOP);
    expect_lost(processes.end(1 - stopped), named(processes, stopped), "is lost");
  }
}

TEST(Group, AProcessThatIsStoppedForAMomentIsNotLost) {
  Processes processes(2, worker("for-ever", kTimeout));
  ASSERT_TRUE(processes.says(0, "under way") && processes.says(1, "under way"));
  processes.signal(0, SIGSTOP);
  std::this_thread::sleep_for(std::chrono::milliseconds(1000));
  processes.signal(0, SIGCONT);
  std::this_thread::sleep_for(std::chrono::milliseconds(1000));
  EXPECT_FALSE(contains(processes.text(0) + processes.text(1), "failed"))
      << processes.text(0) << processes.text(1);
}

TEST(Group, ALateProcessIsNotCalledLost) {
  Processes processes(2, worker("late", "3"));
  expect_lost(processes.end(0), named(processes, 1), "is alive but late");
}

TEST(Group, WhoFailsTellsTheOthersWhy) {
  Processes processes(2, worker("fail", kTimeout));
  expect_lost(processes.end(0), named(processes, 1), "ended: the disk is full");
  EXPECT_TRUE(contains(processes.end(1).text, "failed: the disk is full"));
}

TEST(Group, WhoLeavesEarlyIsNamed) {
  Processes processes(2, worker("leave", kTimeout));
  expect_lost(processes.end(0), named(processes, 1), "has left");
}

TEST(Group, WhatDiffersIsNamedWithItsRank) {
  Processes processes(2, worker("differ", kTimeout));
  EXPECT_TRUE(contains(processes.end(1).text, "the data of rank 1 differ from rank 0's"));
}

TEST(Group, WhoIsMissingAtTheStartIsNamed) {
  Processes processes;
  const std::string port = std::to_string(free_port());
  processes.start(
      worker("exchange", "2"),
      {{"RANK", "0"}, {"WORLD_SIZE", "3"}, {"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", port}});
  expect_lost(processes.end(0), "not all of 3 processes joined within 2 s", "missing: rank 1, 2");
}

TEST(Group, AMissingRankZeroIsNamedWithItsAddress) {
  Processes processes;
  const std::string port = std::to_string(free_port());
  processes.start(
      worker("exchange", "2"),
      {{"RANK", "1"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", port}});
  expect_lost(processes.end(0), "rank 1 found no rank 0", "127.0.0.1:" + port);
}

TEST(Group, TwoOfTheSameRankAreNamed) {
  Processes processes;
  const std::string port = std::to_string(free_port());
  for (const char* rank : {"0", "1", "1"}) {
    processes.start(
        worker("for-ever", "3"),
        {{"RANK", rank}, {"WORLD_SIZE", "3"}, {"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", port}});
  }
  const std::string said = processes.end(1).text + processes.end(2).text;
  EXPECT_TRUE(contains(said, "two processes say that they are rank 1")) << said;
}

}  // namespace
}  // namespace inkling
