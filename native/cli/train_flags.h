// What `inkling train` can be told, and what of it decides a run's weights.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/sources.h"
#include "model/presets.h"
#include "train/trainer.h"

namespace inkling {

struct TrainFlags {
  Sources sources;       // to learn from and to hold out of
  Sources test_sources;  // to be scored on once, at the end; none named: MNIST's test part, if any
  TrainOptions options;
  std::vector<std::int64_t> seeds = {1};
  std::string out;
  std::string preset = "compact";
  std::string start_from;             // a run's folder, or empty
  std::vector<std::string> teachers;  // runs' folders and .onnx files
  Variation variation;
  std::string optimizer = "adamw", schedule = "cosine", precision = "auto", device = "auto";
  int threads = 0;            // 0: all cores
  double peer_timeout = 300;  // seconds, of several processes
  double validation_share = 0.1;
  std::optional<std::int64_t> validation_seed;  // of what is held out; none: each run's seed
  std::int64_t drawing_repeat = 1;
  bool drop_leaks = false, list_presets = false, benchmark = false;
  std::optional<std::string> resume;  // the folder, or empty: --out's
};

void add_train_flags(CLI::App& command, TrainFlags& flags);

// Flag -> value, for every flag that decides the weights, given or not: what a resumed run must
// have in common with the run that was interrupted.
std::map<std::string, std::string> recipe_of(const CLI::App& command);

// The part of it that is the same on every machine: without the names of files and folders.
std::map<std::string, std::string> computation_of(const CLI::App& command);

// The part of it that was given, and as arguments what a resumed run may change: where and with how
// much it computes.
std::map<std::string, std::string> given_recipe(const CLI::App& command);
std::vector<std::string> given_freedoms(const CLI::App& command);

// The command's arguments, with which it can be given again; without --resume.
std::vector<std::string> arguments_of(const CLI::App& command);

}  // namespace inkling
