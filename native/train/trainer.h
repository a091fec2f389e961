// The training loop: AdamW, warm-up and cosine, label smoothing, averaged weights, augmentation on
// the device. The data lives on the device as bytes.
#pragma once

#include <filesystem>

#include "data/augment.h"
#include "data/sources.h"
#include "model/network.h"
#include "train/run.h"

namespace inkling {

struct TrainOptions {
  std::int64_t epochs = 40;
  std::int64_t batch = 128;
  double learning_rate = 4e-3;  // the peak
  double weight_decay = 0.02;
  double warmup_epochs = 1;
  double label_smoothing = 0.05;
  double average_decay = 0.999;          // of the weights' moving average, a step
  double pen_low = 1.8, pen_high = 3.5;  // drawings' pen width is uniform in it, output pixels
  double refuse_share = 0.01;            // of held-out digits may be answered "?"
  AffineRange affine;
  std::int64_t seed = 1;
};

// Trains `network` on its device and fills `folder`, which must hold no run yet: metrics,
// checkpoints, probe, and run.json with the temperature, the threshold and the scores, all chosen
// on the held-out part. Leaves the best epoch's averaged weights in `network`. Throws Failure; what
// was written before stays, and can be exported once an epoch was finished.
void train(Network& network, const TrainingData& data, const TrainOptions& options,
           const std::filesystem::path& folder, Run& run);

}  // namespace inkling
