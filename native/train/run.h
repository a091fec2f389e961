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

void save_run(const Run& run, const std::filesystem::path& folder);

// Throws Failure when the folder holds no run, or a damaged one.
Run load_run(const std::filesystem::path& folder);

inline std::filesystem::path checkpoint_path(const std::filesystem::path& folder,
                                             const std::string& name) {
  return folder / (name + ".safetensors");
}

void save_weights(Network& network, const std::filesystem::path& path);

// Throws Failure when a tensor is missing, or has another shape than the network's.
void load_weights(Network& network, const std::filesystem::path& path);

}  // namespace inkling
