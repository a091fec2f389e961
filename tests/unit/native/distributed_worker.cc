// One of the processes that distributed_test.cc starts: `distributed_worker WHAT [SECONDS [FILE]]`
// joins the others as the environment says, and exchanges until it is done or somebody is lost.
#include <torch/nn/functional/loss.h>
#include <torch/optim/sgd.h>
#include <torch/utils.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "data/file.h"
#include "model/network.h"
#include "train/process_group.h"
#include "train/run.h"
#include "train/sync_batch_norm.h"

namespace inkling {
namespace {

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

// Sums, broadcasts and text of other lengths than this process's.
void exchange(ProcessGroup& group) {
  const int r = group.rank();
  std::vector<torch::Tensor> sums{torch::full({2, 3}, r + 1.0F), torch::full({5}, 10.0F * r)};
  group.sum(sums);
  std::vector<torch::Tensor> news{torch::full({3}, r, torch::kInt64),
                                  torch::arange(6).view({2, 3}).t() * r};
  group.broadcast(news, 1);
  group.barrier();
  const std::string text =
      group.broadcast_text(std::string(static_cast<std::size_t>(3 * r), 'x'), 1);
  const auto total = [](const torch::Tensor& t) { return t.sum().item<double>(); };
  say(nlohmann::json{{"rank", r},
                     {"size", group.size()},
                     {"local_rank", group.local_rank()},
                     {"cores", group.cores()},
                     {"sums", {total(sums[0]), total(sums[1])}},
                     {"news", {total(news[0]), total(news[1])}},
                     {"text", text}}
          .dump());
}

[[noreturn]] void exchange_for_ever(ProcessGroup& group) {
  for (int i = 0;; ++i) {
    std::vector<torch::Tensor> tensors{torch::ones({1000})};
    group.sum(tensors);
    if (i == 3) say("under way");
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

NetworkSpec small_network(bool norm) {
  NetworkSpec spec;
  spec.preset = "small";
  spec.layers = {{LayerKind::kConv, 4, 3, 1, 0, !norm}};
  if (norm) spec.layers.push_back({LayerKind::kBatchNorm});
  spec.layers.push_back({LayerKind::kRelu});
  spec.layers.push_back({LayerKind::kMaxPool, 0, 4});
  spec.layers.push_back({LayerKind::kFlatten});
  spec.layers.push_back({LayerKind::kDense, 10});
  return spec;
}

// Low: at 0.1 steps on noise spread float32's rounding, with batch norm to 4e-5 after ten steps.
constexpr double kLearningRate = 0.01;

// Ten steps on made-up images; each process takes its part of the same batch.
void ten_steps(ProcessGroup* group, bool norm, const std::string& file) {
  constexpr std::int64_t kBatch = 30;  // four processes get parts of 7 and of 8
  const std::int64_t rank = group ? group->rank() : 0, size = group ? group->size() : 1;
  torch::manual_seed(7);
  Network network(small_network(norm));
  if (group != nullptr && norm) {
    network->set_batch_norm([group](torch::nn::BatchNorm2dImpl& layer, const torch::Tensor& x) {
      return sync_batch_norm(layer, x, *group);
    });
  }
  torch::optim::SGD optimizer(network->parameters(),
                              torch::optim::SGDOptions(kLearningRate).momentum(0.9));
  for (int step = 0; step < 10; ++step) {
    const torch::Tensor pixels = torch::rand({kBatch, 1, 28, 28});
    const torch::Tensor labels = torch::randint(10, {kBatch});
    const auto mine = [&](const torch::Tensor& all) {
      return all.slice(0, rank * kBatch / size, (rank + 1) * kBatch / size);
    };
    const torch::Tensor loss = torch::nn::functional::cross_entropy(
        network->forward(mine(pixels)), mine(labels),
        torch::nn::functional::CrossEntropyFuncOptions().reduction(torch::kSum));
    optimizer.zero_grad();
    (loss / kBatch).backward();
    std::vector<torch::Tensor> gradients;
    for (const torch::Tensor& p : network->parameters()) gradients.push_back(p.grad());
    if (group != nullptr) group->sum(gradients);
    optimizer.step();
  }
  if (rank == 0) save_weights(network, file);
}

void work(ProcessGroup* group, const std::string& what, const std::string& file) {
  if (what == "plain" || what == "norm") return ten_steps(group, what == "norm", file);
  if (group == nullptr) throw Failure("'" + what + "' wants several processes");
  if (what == "exchange") return exchange(*group);
  if (what == "for-ever") exchange_for_ever(*group);
  if (what == "differ") return group->require_same("the data", group->rank() == 1 ? "b" : "a");
  if (what == "fail" && group->rank() == 1) throw Failure("the disk is full");
  if (what == "leave" && group->rank() == 1) return;
  if (what == "late" && group->rank() == 1) std::this_thread::sleep_for(std::chrono::hours(1));
  exchange_for_ever(*group);
}

int run(int argc, char** argv) {
  std::unique_ptr<ProcessGroup> group;
  try {
    const double seconds = argc > 2 ? std::atof(argv[2]) : 60;
    group = ProcessGroup::from_environment(
        false, std::chrono::milliseconds(static_cast<std::int64_t>(1000 * seconds)));
    work(group.get(), argv[1], argc > 3 ? argv[3] : "");
    return 0;
  } catch (const std::exception& error) {
    say(std::string("failed: ") + error.what());
    if (group) group->farewell(error.what());
    return 1;
  }
}

}  // namespace
}  // namespace inkling

int main(int argc, char** argv) { return inkling::run(argc, argv); }
