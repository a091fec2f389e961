// What every data source becomes: bytes and labels, small enough to live on the training device.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>

namespace inkling {

inline constexpr std::int64_t kSide = 28;
inline constexpr std::int64_t kClasses = 10;

struct Dataset {
  torch::Tensor images;  // uint8 [N,28,28], ink = 255
  torch::Tensor labels;  // int64 [N], 0..9

  std::int64_t size() const { return labels.defined() ? labels.size(0) : 0; }
  // The rows that `indices` (int64 [M]) names.
  Dataset select(const torch::Tensor& indices) const {
    return {images.index_select(0, indices), labels.index_select(0, indices)};
  }
};

// One after the other; an empty part is passed over.
inline Dataset concatenate(const Dataset& a, const Dataset& b) {
  if (a.size() == 0) return b;
  if (b.size() == 0) return a;
  return {torch::cat({a.images, b.images}), torch::cat({a.labels, b.labels})};
}

// uint8 [N,28,28] -> float32 [N,1,28,28] with ink = 1: the engine's pixels.
inline torch::Tensor to_pixels(const torch::Tensor& images) {
  return images.to(torch::kFloat32).div_(255.0).unsqueeze(1);
}

}  // namespace inkling
