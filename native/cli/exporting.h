// What `export` and `quantize` share: a run made ready for a file, and the refusal to write one
// that gives other answers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "export/fold.h"
#include "train/run.h"

namespace inkling {

// A run's network with its best weights, folded; checked against the network as it was trained on
// the run's held-out images.
struct Exportable {
  Run run;
  std::vector<FoldedLayer> layers;
  torch::Tensor images;  // uint8 [N,28,28], held out
};

// Throws Failure.
Exportable load_exportable(const std::string& folder);

// metadata_props: `weights` is their type in words. Scores of the run are those of its float32
// weights and are left out when `with_scores` is false.
std::map<std::string, std::string> metadata_of(const Run& run, const std::string& weights,
                                               bool with_scores);

// float32 [N,10] each.
double largest_difference(const torch::Tensor& a, const torch::Tensor& b);

// Throws Failure when the difference is above `most`: nothing is to be written.
void require_same(double difference, double most, const std::string& what,
                  const torch::Tensor& images);

// Float32 sums in another order differ by about 1e-6; ten times the next decade is a wrong export.
inline constexpr double kMaxDifference = 1e-4;

}  // namespace inkling
