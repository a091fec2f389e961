// What a training needs to go on as if it had never been interrupted: resume-0.safetensors and
// resume-1.safetensors in the run's folder, written in turn, so that one is always whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "train/safetensors.h"

namespace inkling {

struct Checkpoint {
  std::map<std::string, torch::Tensor> tensors;
  nlohmann::json position;  // epoch, step, schedule, scores so far: what the loop put there
};

class CheckpointFiles {
 public:
  explicit CheckpointFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // The newest that is whole. A damaged one is named on stderr and the one before it is used;
  // nothing when there is none. Throws Failure when there are some but none is whole.
  std::optional<Checkpoint> newest();

  // Replaces the older of the two. Throws Failure when it cannot be written; both are then as they
  // were.
  void save(const Checkpoint& checkpoint);

 private:
  std::filesystem::path path(std::int64_t serial) const;

  std::filesystem::path folder_;
  std::int64_t next_serial_ = 0;
};

}  // namespace inkling
