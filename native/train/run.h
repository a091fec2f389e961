// A run: the folder that `train` writes and `export`, `evaluate` read. Whole after each epoch.
//   run.json           network, command, seed, data, calibration, scores
//   metrics.jsonl      one line an epoch
//   best.safetensors   averaged weights of the epoch with the best validation
//   last.safetensors   averaged weights of the last epoch
//   probe.safetensors  a few held-out images, on which an export is compared with this network
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "model/network.h"

namespace inkling {

struct Run {
  NetworkSpec network;
  std::string command;  // what was typed
  std::int64_t seed = 0;
  double temperature = 1.0;        // logits are divided by it
  double rejection_threshold = 0;  // below this confidence the answer is "?"
  nlohmann::json details;          // data, epochs, scores: written as they are
};

// Indented JSON; bytes that are no UTF-8 (a file's name may hold some) become the replacement
// character.
std::string to_text(const nlohmann::json& json);
std::string to_line(const nlohmann::json& json);  // without line breaks

void save_run(const Run& run, const std::filesystem::path& folder);

// Throws Failure when the folder holds no run, or a damaged one.
Run load_run(const std::filesystem::path& folder);

// Of the models that a run learned from, those which do not say what they had learned from.
std::vector<std::string> unknown_teachers(const Run& run);

inline std::filesystem::path checkpoint_path(const std::filesystem::path& folder,
                                             const std::string& name) {
  return folder / (name + ".safetensors");
}

void save_weights(Network& network, const std::filesystem::path& path);

// best.safetensors, with the temperature and the threshold that were chosen for these weights.
void save_best(Network& network, const Run& run, const std::filesystem::path& folder);

// The best weights of a run that was loaded from `folder`. Temperature and threshold in `run`
// become those of the weights: a run that is being trained, or was killed, may have written them
// before it wrote run.json. Throws Failure, before it takes memory for a network that the file
// cannot fill.
Network load_best(Run& run, const std::filesystem::path& folder);
// The same into a network that is there.
void load_best(Network& network, Run& run, const std::filesystem::path& folder);

// Throws Failure when a tensor is missing, or has another shape than the network's.
void load_weights(Network& network, const std::filesystem::path& path);

}  // namespace inkling
