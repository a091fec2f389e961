// Hashes by which images are known again: whether two sources share an image, and whether a run has
// seen one.
#pragma once

#include <torch/types.h>

#include <array>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace inkling {

// The first 128 bits of the SHA-1 of an image's 784 bytes, row by row: any language's library gives
// the same. (Nobody attacks here; by chance 10^5 images collide with probability 10^-29.)
struct ImageHash {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const ImageHash&) const = default;
};

// images: uint8 [N,28,28] on the CPU -> N hashes, in their order. On all cores.
std::vector<ImageHash> hash_images(const torch::Tensor& images);

// Hashes to ask "is this image among them?" of; each once.
class ImageHashes {
 public:
  ImageHashes() = default;
  explicit ImageHashes(std::vector<ImageHash> hashes);

  void add(const ImageHashes& others);

  bool contains(const ImageHash& hash) const;
  // How many of these are contained; one that is there twice counts twice.
  std::int64_t count_in(const std::vector<ImageHash>& others) const;
  const std::vector<ImageHash>& sorted() const { return sorted_; }
  std::int64_t size() const { return static_cast<std::int64_t>(sorted_.size()); }

 private:
  std::vector<ImageHash> sorted_;
};

// What a run has seen: learned from, or chosen its epoch and threshold by. Kept in the run's folder
// so that a later evaluation can tell.
struct SeenImages {
  ImageHashes training;
  ImageHashes validation;

  void add(const SeenImages& others) {
    training.add(others.training), validation.add(others.validation);
  }
};

// The run's file of them, and that of what was seen by the models which it learned from.
inline std::filesystem::path seen_images_path(const std::filesystem::path& run_folder) {
  return run_folder / "training.hashes";
}
inline std::filesystem::path inherited_images_path(const std::filesystem::path& run_folder) {
  return run_folder / "inherited.hashes";
}

// 24 bytes and 16 an image: 1.8 MB for 112,000. Throws Failure.
void save_seen_images(const SeenImages& seen, const std::filesystem::path& path);

// Throws Failure when the file is missing or damaged.
SeenImages load_seen_images(const std::filesystem::path& path);

// What a run and the models that it learned from have seen; nothing where the folder does not say
// (or is none). Throws Failure when a file is damaged.
std::optional<SeenImages> all_seen_images(const std::filesystem::path& run_folder);

}  // namespace inkling
