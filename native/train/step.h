// One training step: batch, forward, loss, backward, optimizer, averaged weights. What the loop
// repeats and the benchmark measures; on a GPU in bfloat16 and replayed as a CUDA graph.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <limits>

#include "model/network.h"
#include "train/batches.h"
#include "train/cuda_step.h"
#include "train/ema.h"
#include "train/optimizer.h"
#include "train/teacher.h"

namespace inkling {

// Sums over the steps of an epoch, on the device: reading them waits for it. The tensors stay the
// same ones.
struct EpochSums {
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  explicit EpochSums(torch::Device device);
  void clear();

  torch::Tensor loss;      // float32 []: of each step's mean
  torch::Tensor correct;   // int64 []: answers
  torch::Tensor bad_step;  // int64 []: the first step whose loss was not finite, or kNever
  torch::Tensor step;      // int64 []: the next step's number, to be set before an epoch
};

class TrainingStep {
 public:
  // Keeps references to all of them. `batch` is the size of the batch of all processes together, by
  // which the loss is divided, so that the processes' gradients add up to the batch's.
  TrainingStep(Network& network, Batches& batches, Optimizer& optimizer, WeightAverage& average,
               EpochSums& sums, double label_smoothing, std::int64_t batch);

  TrainingStep(const TrainingStep&) = delete;
  TrainingStep& operator=(const TrainingStep&) = delete;

  // What is to happen between backward and the optimizer: summing, over processes, the gradients,
  // the loss (float32 []) and the count of right answers (int64 []). The step is then not captured
  // as a graph.
  using Exchange = std::function<void(torch::Tensor& loss, torch::Tensor& correct)>;
  void set_exchange(Exchange exchange);

  // Whether networks compute in bfloat16, weights and sums staying float32; from the start: on a
  // GPU.
  void set_bfloat16(bool on);

  // Of the loss, `share` is the distance to the teacher's answers rather than to the labels.
  void set_teacher(std::shared_ptr<const Teacher> teacher, double share);

  // Does a step with batches.next() and adds its outcome to the sums. `seed` is dropout's.
  void operator()(double learning_rate, std::uint64_t seed);

 private:
  void on_device();
  torch::Tensor loss_of(const torch::Tensor& logits, const Batch& batch) const;

  Network& network_;
  Batches& batches_;
  Optimizer& optimizer_;
  WeightAverage& average_;
  EpochSums& sums_;
  double label_smoothing_;
  std::int64_t batch_;
  torch::Device device_;
  bool bfloat16_;
  Exchange exchange_;
  std::shared_ptr<const Teacher> teacher_;
  double teacher_share_ = 0;
  RepeatedStep repeated_;
};

}  // namespace inkling
