// Leakage: images that a model is judged by and has been trained on. An accuracy on them is no test
// score, and says so. Images are the same when their 784 bytes are; drawings when the page's pen
// draws them to the same 784 bytes.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/image_hashes.h"
#include "data/sources.h"

namespace inkling {

// One set of images that are judged by, against what was seen.
struct LeakCount {
  std::string name;                // of the set
  std::int64_t images = 0;         // in the set
  std::int64_t in_training = 0;    // of them also in the training data
  std::int64_t in_validation = 0;  // of them also in the held-out part (0 for that part itself)
  bool is_validation = false;      // the set is held out, not an evaluation set

  bool any() const { return in_training + in_validation > 0; }
};

// An evaluation set's.
LeakCount count_leaks(const SeenImages& seen, const std::string& name, const torch::Tensor& images);

// One sentence: "28,000 of 28,000 evaluation images were in the training data: this is not a test
// score"; "none of 10,000 evaluation images was in the training data" where there is no leak.
std::string describe(const LeakCount& count);

// What a run's training knows of leaks; run.json keeps it as "leaks".
struct LeakReport {
  std::int64_t training_images = 0;   // images and drawings learned from
  std::int64_t training_repeats = 0;  // of them the same as an earlier one
  std::int64_t dropped = 0;           // taken out of training by --drop-leaks
  std::int64_t inherited = 0;         // images known from what was there before the training
  std::vector<LeakCount> sets;        // held-out sets, then evaluation sets
  std::vector<std::string> unknown;   // of what was there before: files that do not say

  bool any() const;
  // A line for each thing worth saying, each a sentence without a full stop: first the sets with
  // leaks, then what was dropped and what repeats; one line where there is nothing.
  std::string describe() const;
};

// What was there before a training and goes into its weights: the run that it starts from, the
// teachers. Their images count as learned from.
struct Inheritance {
  SeenImages seen;
  std::vector<std::string> unknown;  // files and folders that do not say what they learned from
};

// Of runs' folders and files; a file never says. Throws Failure when what a run kept is damaged.
Inheritance inherit(const std::vector<std::string>& models);

// Counts, for each held-out and each evaluation set, the images that are also learned from.
LeakReport find_leaks(const TrainingData& data, const std::vector<NamedDataset>& evaluation,
                      const Inheritance& before = {});

// Takes out of the training part what is held out or in an evaluation set, and out of the held-out
// part what is in an evaluation set; the report then counts what was dropped, and no leak but by
// inheritance. Throws Failure when nothing would be left to learn from, or to hold out.
LeakReport drop_leaks(TrainingData& data, const std::vector<NamedDataset>& evaluation,
                      const Inheritance& before = {});

// What save_seen_images keeps of a run.
SeenImages seen_images(const TrainingData& data);

void to_json(nlohmann::json& json, const LeakReport& report);
// Throws nlohmann's exceptions when a value is missing or of the wrong type.
void from_json(const nlohmann::json& json, LeakReport& report);

}  // namespace inkling
