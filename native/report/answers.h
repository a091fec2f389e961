// What a run said of images that it did not learn from, kept beside its weights, so that a report
// needs neither the data nor the network again. One safetensors file a part ("validation", "test"):
//   images         uint8 [N,28,28]
//   labels         int64 [N]
//   probabilities  float32 [N,10], calibrated
// and in its metadata the sets that the rows belong to, one after the other.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "data/sources.h"

namespace inkling {

struct Answers {
  std::string name;             // of the set: "mnist", "pendigits.jsonl.gz"
  std::string note;             // what must be said beside its scores; mostly empty
  Dataset data;                 // N images and labels, on the CPU
  torch::Tensor probabilities;  // float32 [N,10], on the CPU
};

// Writes folder/<part>.safetensors whole. `probabilities` are float32 [N,10] for all sets' rows,
// one set after the other, on any device. Throws Failure when the counts disagree or the disk is
// full.
void save_answers(const std::filesystem::path& folder, const std::string& part,
                  const std::vector<NamedDataset>& sets, const torch::Tensor& probabilities);

// Empty when the run kept no such part. Throws Failure when the file is damaged.
std::vector<Answers> load_answers(const std::filesystem::path& folder, const std::string& part);

}  // namespace inkling
