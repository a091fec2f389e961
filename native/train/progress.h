// What a run says while it works: a live line on a terminal, one line an epoch, and metrics.jsonl.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "train/scoring.h"

namespace inkling {

struct EpochMetrics {
  std::int64_t epoch = 0;     // from 1
  double learning_rate = 0;   // at the epoch's end
  double train_loss = 0;      // with label smoothing and augmentation
  double train_accuracy = 0;  // on augmented images
  double images_per_second = 0;
  Score validation;  // of the averaged weights, all held-out sets together
  std::vector<std::pair<std::string, double>> validation_sets;  // name and accuracy of each
  bool best = false;
};

class Progress {
 public:
  // Begins metrics.jsonl in `folder`; a resumed run goes on with the lines of its first
  // `done_epochs` and the seconds it took before. Throws Failure when it cannot be written.
  Progress(const std::filesystem::path& folder, std::int64_t epochs, std::int64_t steps_per_epoch,
           std::int64_t done_epochs = 0, double seconds_before = 0);

  // Redraws the live line (on a terminal only, at most a few times a second).
  void step(std::int64_t epoch, std::int64_t step, double loss, double accuracy,
            double images_per_second);
  // Prints the epoch's line and appends it to metrics.jsonl.
  void epoch(const EpochMetrics& metrics);
  // Since the run began, without the time in which it did not run.
  double seconds() const;

 private:
  using Clock = std::chrono::steady_clock;
  double seconds_left(std::int64_t steps_done) const;

  std::ofstream log_;
  std::int64_t epochs_, steps_per_epoch_;
  std::int64_t first_step_;  // that this process did, of the run: what the time left is told by
  double seconds_before_;
  bool terminal_;
  Clock::time_point start_, last_drawn_;
};

}  // namespace inkling
