// Augmentation on the device: every image of a batch gets its own random affine map.
#pragma once

#include <torch/types.h>

namespace inkling {

// Each is the half-width of a uniform distribution around "unchanged".
struct AffineRange {
  double rotation = 12.0;  // degrees
  double scale = 0.12;     // of the size, each axis by itself
  double shear = 0.20;     // horizontal slant: dx = shear * dy
  double shift = 1.5;      // pixels, each axis

  bool enabled() const { return rotation > 0 || scale > 0 || shear > 0 || shift > 0; }
};

// pixels: float32 [N,1,28,28] -> same shape, bilinear, zero beyond the border. Draws from torch's
// default generator of the pixels' device.
torch::Tensor augment(const torch::Tensor& pixels, const AffineRange& range);

}  // namespace inkling
