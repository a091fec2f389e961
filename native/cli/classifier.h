// What evaluate, submit, predict and report ask: one model or several averaged, .onnx files through
// the engine and runs' folders through LibTorch, each image seen once or from several views.
#pragma once

#include <torch/types.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/sources.h"
#include "train/scoring.h"

namespace inkling {

// How a foreign .onnx file wants its input: (ink - mean) / deviation, ink being 0 to 1.
struct InputScale {
  std::string name = "0..1";
  double mean = 0, deviation = 1;
};

// "0..1", "0..255", "-1..1", "1..0" (paper is 1), or "MEAN,DEVIATION" of ink. Throws Failure.
InputScale parse_input_scale(const std::string& text);

struct ClassifierOptions {
  std::vector<std::string> models;  // .onnx files and runs' folders
  // Of the .onnx files: none, one for all, or one for each model; "auto" has to be resolved by
  // Classifier::choose_input_scale() before anything is asked, or refused.
  std::vector<std::string> input_scales;
  std::int64_t views = 1;  // test-time augmentation: 1 to kMaxViews, averaged
  double threshold = -1;   // below it the answer is "?"; negative: the models' own
};

inline constexpr std::int64_t kMaxViews = 9;

class Classifier {
 public:
  // Throws Failure when a model cannot be read, or the scales do not fit the models.
  explicit Classifier(const ClassifierOptions& options);

  // Mean over models and views of the probabilities, float32 [N,10] on the CPU; a model whose
  // answers are no distribution (foreign ones may end in logits) is put through a softmax.
  // `images`: uint8 [N,28,28], or float32 pixels [N,28,28] with ink = 1. Throws Failure.
  torch::Tensor probabilities(const torch::Tensor& images) const;

  // Resolves "auto" of --input-scale: for each such model the scale under which it reads most of
  // `data` right. Returns what was chosen, a sentence a model.
  std::vector<std::string> choose_input_scale(const Dataset& data);
  bool wants_input_scale() const;
  // Throws Failure where there are no labels to choose by.
  void require_input_scale() const;

  // Of each model, by name; a run's network has its own, "run".
  std::vector<std::string> input_scales() const;

  // With several models: the mean of theirs. No part of `probabilities` is recalibrated.
  double threshold() const { return threshold_; }
  // What is averaged and what "?" means then, in words; empty for one model and one view.
  std::string description() const;

 private:
  struct Member;
  std::optional<Score> score_of(const Member& member, const torch::Tensor& pixels,
                                const torch::Tensor& labels) const;
  torch::Tensor of_member(const Member& member, const torch::Tensor& pixels) const;

  std::vector<std::shared_ptr<Member>> members_;
  std::int64_t views_;
  double threshold_ = 0;
  bool own_threshold_ = true;  // the models', not one that was asked for
};

// Whether the models have seen images of the set while they were trained, in words: a run's folder
// knows, an .onnx file does not. Throws Failure when what a run kept is damaged.
std::string leaks_of(const std::vector<std::string>& models, const NamedDataset& set);

// MODEL..., --tta, --input-scale, --threshold: the same everywhere.
void add_classifier_flags(CLI::App& command, ClassifierOptions& options);
// --tta, --input-scale, --threshold alone, for commands whose MODEL is one positional of several.
void add_reading_flags(CLI::App& command, ClassifierOptions& options);

}  // namespace inkling
