// The training loop: batches, a step, averaged weights, validation after each epoch, checkpoints.
// A run that was killed at any moment and resumed ends with the same weights, bit for bit on a CPU
// with the same number of threads, as one that was not: everything random is a function of the
// seed, the epoch and the sample or step.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/sources.h"
#include "model/network.h"
#include "train/batches.h"
#include "train/optimizer.h"
#include "train/process_group.h"
#include "train/run.h"
#include "train/schedule.h"
#include "train/teacher.h"

namespace inkling {

// What networks compute in while they learn; weights, gradients and sums are float32 always.
enum class Precision { kAuto, kFloat32, kBFloat16 };  // auto: bfloat16 on a GPU, float32 on a CPU

Precision precision_of(const std::string& name);  // "auto", "float32", "bfloat16"; throws Failure
bool is_bfloat16(Precision precision, torch::Device device);

struct TrainOptions {
  std::int64_t epochs = 40;
  BatchOptions batches;  // size, augmentation, seed
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  double label_smoothing = 0.05;
  double average_decay = 0.999;    // of the weights' moving average, a step; 0: none
  double refuse_share = 0.01;      // of held-out digits may be answered "?"
  std::int64_t stop_patience = 0;  // epochs without a better one, then stop; 0: never
  std::int64_t keep_every = 0;     // epochs; their averaged weights are kept; 0: best and last only
  double checkpoint_minutes = 5;   // between checkpoints within an epoch
  bool resume = false;             // go on from the folder's newest whole checkpoint, if any
  std::shared_ptr<const Teacher> teacher;  // to learn from besides the labels; null: none
  double teacher_share = 0.5;              // of the loss
  Precision precision = Precision::kAuto;
  bool sync_batch_norm = false;  // statistics of all processes' rows, not each process's own
  std::string recipe;  // of several processes: what else must be the same in each, as text
};

// Trains `network` on its device and fills `folder`: metrics, checkpoints, probe, and run.json with
// the temperature, the threshold and the scores, all chosen on the held-out part. Leaves the best
// epoch's averaged weights in `network`. Throws Failure; what was written before stays: it can be
// resumed, and exported once an epoch was finished.
//
// With `group` several processes share each batch, on the same data with the same options; rank 0
// alone writes and prints, and alone has the best weights in `network` afterwards.
void train(Network& network, const TrainingData& data, const TrainOptions& options,
           const std::filesystem::path& folder, Run& run, ProcessGroup* group = nullptr);

}  // namespace inkling
