// Runs the parts of a training in turn and compares them.
#include "train/benchmark.h"

#include <torch/cuda.h>
#include <torch/nn/functional/loss.h>
#include <torch/optim/adamw.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <utility>

#include "train/step.h"

namespace inkling {
namespace {

using Clock = std::chrono::steady_clock;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// One part, and what it did in each round.
struct Part {
  std::string name;
  std::function<void()> step;       // one batch
  std::vector<double> rates;        // images a second
  std::vector<double> cpu_seconds;  // processor time an image
};

// Batches without end.
class EndlessBatches {
 public:
  EndlessBatches(const TrainingData& data, const BatchOptions& options, torch::Device device)
      : batches_(data, options, device) {}

  // With at least one batch left.
  Batches& ready() {
    if (left_ == 0) batches_.begin(++epoch_), left_ = batches_.steps_per_epoch();
    --left_;
    return batches_;
  }
  Batches& batches() { return batches_; }

 private:
  Batches batches_;
  std::int64_t epoch_ = 0, left_ = 0;
};

// What one would write with LibTorch alone.
class BareStep {
 public:
  BareStep(const NetworkSpec& spec, const TrainOptions& options, Batch batch, torch::Device device)
      : network_(spec), batch_(std::move(batch)), label_smoothing_(options.label_smoothing) {
    network_->to(device);
    network_->train();
    optimizer_ = std::make_unique<torch::optim::AdamW>(
        network_->parameters(), torch::optim::AdamWOptions(options.schedule.learning_rate));
  }

  void operator()() {
    namespace F = torch::nn::functional;
    optimizer_->zero_grad();
    F::cross_entropy(network_->forward(batch_.pixels),
                     batch_.targets.defined() ? batch_.targets : batch_.labels,
                     F::CrossEntropyFuncOptions().label_smoothing(label_smoothing_))
        .backward();
    optimizer_->step();
  }

 private:
  Network network_;
  Batch batch_;
  double label_smoothing_;
  std::unique_ptr<torch::optim::AdamW> optimizer_;
};

void measure(Part& part, torch::Device device, std::int64_t batch, double seconds) {
  const auto wait = [&] {
    if (device.is_cuda()) torch::cuda::synchronize();
  };
  part.step();  // what begins an epoch, and cold caches, belong to no part
  wait();
  const auto start = Clock::now();
  const std::clock_t cpu_start = std::clock();  // of all the process's threads
  std::int64_t steps = 0;
  std::chrono::duration<double> elapsed{};
  do {
    part.step();
    if (++steps % 8 == 0) wait();
    elapsed = Clock::now() - start;
  } while (elapsed.count() < seconds);
  wait();
  elapsed = Clock::now() - start;
  const auto images = static_cast<double>(steps * batch);
  part.rates.push_back(images / elapsed.count());
  part.cpu_seconds.push_back(static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC /
                             images);
}

}  // namespace

std::vector<BenchmarkLine> benchmark(Network& network, const TrainingData& data,
                                     const TrainOptions& options, int rounds, double seconds) {
  const torch::Device device = network->parameters().front().device();
  const std::int64_t batch = options.batches.batch;
  BatchOptions plain = options.batches;
  plain.augment.affine = {0, 0, 0, 0}, plain.augment.elastic = 0, plain.augment.cutout = 0;
  plain.mixup = 0;
  EndlessBatches plain_batches(data, plain, device), augmented(data, options.batches, device),
      whole(data, options.batches, device);
  BareStep bare(network->spec(), options, plain_batches.ready().next(), device);
  use_channels_last(network);
  network->train();
  Optimizer optimizer(network, options.optimizer);
  WeightAverage average(network, options.average_decay);
  EpochSums sums(device);
  TrainingStep step(network, whole.batches(), optimizer, average, sums, options.label_smoothing,
                    batch);
  step.set_bfloat16(is_bfloat16(options.precision, device));
  std::uint64_t seed = 0;

  std::vector<Part> parts = {
      {"data", [&] { plain_batches.ready().next(); }, {}, {}},
      {"data, augmented", [&] { augmented.ready().next(); }, {}, {}},
      {"bare step", [&] { bare(); }, {}, {}},
      {"whole", [&] { whole.ready(), step(options.schedule.learning_rate, ++seed); }, {}, {}}};
  constexpr std::size_t kBare = 2;
  for (int round = -1; round < rounds; ++round) {  // the first warms up
    for (Part& part : parts) {
      measure(part, device, batch, seconds);
      if (round < 0) part.rates.clear(), part.cpu_seconds.clear();
    }
  }
  std::vector<BenchmarkLine> lines;
  for (const Part& part : parts) {
    std::vector<double> ratios, cpu_ratios;
    for (std::size_t round = 0; round < part.rates.size(); ++round) {
      ratios.push_back(part.rates[round] / parts[kBare].rates[round]);
      cpu_ratios.push_back(parts[kBare].cpu_seconds[round] / part.cpu_seconds[round]);
    }
    lines.push_back({part.name, median(part.rates), median(ratios), 1e6 * median(part.cpu_seconds),
                     median(cpu_ratios)});
  }
  return lines;
}

void print_benchmark(const std::vector<BenchmarkLine>& lines) {
  std::printf("%-18s %12s %14s %16s %14s\n", "", "images/s", "to bare step", "CPU us an image",
              "to bare step");
  for (const BenchmarkLine& line : lines) {
    std::printf("%-18s %12.0f %13.2fx %16.1f %13.2fx\n", line.name.c_str(), line.images_per_second,
                line.ratio, line.cpu_microseconds, line.cpu_ratio);
  }
}

}  // namespace inkling
