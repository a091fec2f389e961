// What the network sees, a batch at a time: shuffled, drawn, augmented. Everything random is keyed
// by seed, epoch and sample (data/random.h): a batch is the same whichever step the epoch began at
// and whatever the number of processes and threads.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>

#include "data/augment.h"
#include "data/hand.h"
#include "data/sources.h"

namespace inkling {

struct BatchOptions {
  std::int64_t batch = 128;  // images a step, of all processes together
  std::int64_t seed = 1;
  HandOptions hand;  // of the drawings, anew each epoch
  // Of images and drawings alike. With a straying hand (hand.variation > 0) every other row,
  // another each epoch, is left as it is: interpolation blurs, and if all images were blurred and
  // no drawing were, a network would learn to tell them apart by it and read sharp images as
  // drawings.
  AugmentOptions augment;
  // So many drawings that are no digit, as a share of the digits; a network learns to spread its
  // answer evenly over the ten (Hendrycks, Mazeika and Dietterich, "Deep Anomaly Detection with
  // Outlier Exposure", 2019).
  double not_digits = 0;
  // Mixup (Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2018): each image is mixed
  // with another of its batch, by shares from Beta(mixup, mixup), its own the larger. 0: none.
  double mixup = 0;
  bool by_tensors = false;  // prepare by LibTorch's operators, as a GPU does, on a CPU too
};

struct Batch {
  torch::Tensor pixels;  // float32 [B,1,28,28] on the device
  torch::Tensor labels;  // int64 [B] on the device; -1: not a digit
  // float32 [B,10], a share for each digit: with mixup or what is no digit only, else undefined.
  torch::Tensor targets;
};

class Batches {
 public:
  // `data` must outlive this. Of `processes` that share a training, number `rank` gets the rows
  // [batch * rank / processes, batch * (rank + 1) / processes) of each batch. Throws Failure when
  // the batch is larger than the data or too small for the processes.
  Batches(const TrainingData& data, const BatchOptions& options, torch::Device device,
          std::int64_t rank = 0, std::int64_t processes = 1);
  ~Batches();

  std::int64_t size() const;  // images and drawings to learn from, what is no digit among them
  std::int64_t steps_per_epoch() const;  // whole batches; which rows are left over varies

  // To be called before an epoch, which counts from 1; next() then gives step first_step's batch.
  // Epochs may begin in any order, and before the last one has ended.
  void begin(std::int64_t epoch, std::int64_t first_step = 0);

  // This process's share of the next batch. On a CPU the one after it is then prepared on a thread
  // of its own; on a GPU all work is queued on the current stream and may be captured in a CUDA
  // graph (a replay goes on with the next step). Throws std::out_of_range after the last step, and
  // Failure when a drawing cannot be drawn.
  Batch next();

 private:
  class Pool;
  class Preparer;      // what begin() and next() do, in either way
  class HostPreparer;  // an image at a time, ahead of the step
  class TensorPreparer;

  std::unique_ptr<Pool> pool_;
  std::unique_ptr<Preparer> preparer_;
};

}  // namespace inkling
