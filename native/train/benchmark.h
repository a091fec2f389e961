// How fast a training goes, and what holds it up: data, augmentation and step apart and together.
#pragma once

#include "data/sources.h"
#include "model/network.h"
#include "train/trainer.h"

namespace inkling {

struct BenchmarkLine {
  std::string name;
  double images_per_second = 0;  // median over the rounds
  double ratio = 0;              // to the bare step: median of the rounds' ratios
  // Processor time an image takes, of all threads together, and the bare step's divided by it: what
  // the ratio would be if all cores were busy with this alone. Steadier than the ratio on a machine
  // that does something else too.
  double cpu_microseconds = 0;
  double cpu_ratio = 0;
};

// Measures, in turn and again and again, so that whatever else the machine does meets all alike:
//   data            batches as they are
//   data, augmented the same with options.batches.augment
//   bare step       one batch, already there, through LibTorch's own network, loss and AdamW
//   whole           what train() does a step: next batch, step, optimizer, averaged weights
// Each is run for `seconds` in each of `rounds` rounds. Trains `network`; writes nothing.
std::vector<BenchmarkLine> benchmark(Network& network, const TrainingData& data,
                                     const TrainOptions& options, int rounds = 7,
                                     double seconds = 0.7);

// The lines as a table.
void print_benchmark(const std::vector<BenchmarkLine>& lines);

}  // namespace inkling
