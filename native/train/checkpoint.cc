// Reads and writes the two checkpoint files in turn.
#include "train/checkpoint.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "data/file.h"
#include "data/json.h"
#include "train/run.h"

namespace inkling {
namespace {

constexpr std::int64_t kFiles = 2;
constexpr char kSerial[] = "serial", kPosition[] = "position";

struct Found {
  std::int64_t serial = 0;
  Checkpoint checkpoint;
};

Found read_checkpoint(const std::filesystem::path& path) {
  TensorFile file = load_tensors(path, Checksum::kRequired);
  try {
    return {std::stoll(file.metadata.at(kSerial)),
            {std::move(file.tensors), parse_json(file.metadata.at(kPosition))}};
  } catch (const std::exception&) {
    throw Failure(path.string() + " is damaged: it does not say where the training stood");
  }
}

}  // namespace

std::filesystem::path CheckpointFiles::path(std::int64_t serial) const {
  return folder_ / ("resume-" + std::to_string(serial % kFiles) + ".safetensors");
}

std::optional<Checkpoint> CheckpointFiles::newest() {
  std::optional<Found> best;
  std::vector<std::string> failures;
  for (std::int64_t i = 0; i < kFiles; ++i) {
    if (!std::filesystem::exists(path(i))) continue;
    try {
      Found found = read_checkpoint(path(i));
      if (!best || found.serial > best->serial) best = std::move(found);
    } catch (const Failure& failure) {
      failures.emplace_back(failure.what());
    }
  }
  if (!best && !failures.empty()) {
    throw Failure(failures.front() + "; there is no whole checkpoint to resume from, begin anew");
  }
  for (const std::string& failure : failures) {
    std::fprintf(stderr, "inkling: %s; going on from the checkpoint before it\n", failure.c_str());
  }
  if (!best) return std::nullopt;
  next_serial_ = best->serial + 1;  // its place is the other file's
  return std::move(best->checkpoint);
}

void CheckpointFiles::save(const Checkpoint& checkpoint) {
  const TensorFile file{
      checkpoint.tensors,
      {{kSerial, std::to_string(next_serial_)}, {kPosition, to_line(checkpoint.position)}}};
  save_tensors(file, path(next_serial_));
  ++next_serial_;
}

}  // namespace inkling
