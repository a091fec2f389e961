// Augmentation as a pure function: every image is turned, sheared, scaled, shifted, bent and cut by
// numbers that the caller drew, so that the same numbers give the same image.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace inkling {

// Each is the half-width of a uniform distribution around "unchanged".
struct AffineRange {
  double rotation = 12.0;  // degrees
  double scale = 0.12;     // of the size, each axis by itself
  double shear = 0.20;     // horizontal slant: dx = shear * dy
  double shift = 1.5;      // pixels, each axis

  bool enabled() const { return rotation > 0 || scale > 0 || shear > 0 || shift > 0; }
};

struct AugmentOptions {
  AffineRange affine;
  // Elastic distortion (Simard, Steinkraus and Platt, "Best Practices for Convolutional Neural
  // Networks Applied to Visual Document Analysis", 2003): how far a pixel moves on each axis, root
  // mean square, in pixels. Their smooth random field is here a cubic B-spline over a coarse grid
  // of uniform numbers, whose bumps are about as wide as their Gaussian of sigma 4.
  double elastic = 0;
  // The side in pixels of a square set to 0 at a random place, cut off at the border (DeVries and
  // Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout", 2017).
  std::int64_t cutout = 0;

  bool warps() const { return affine.enabled() || elastic > 0; }
  bool enabled() const { return warps() || cutout > 0; }
  // How many random numbers an image needs: the first so many of kAugmentColumns.
  std::int64_t columns() const;
};

// An image's random numbers: rotation, scale x, scale y, shear, shift x, shift y; cutout's centre x
// and y; the elastic grid's displacements, [2][kElasticGrid][kElasticGrid], x before y.
inline constexpr std::int64_t kElasticGrid = 7;
inline constexpr std::int64_t kCutoutColumn = 6, kElasticColumn = 8;
inline constexpr std::int64_t kAugmentColumns = kElasticColumn + 2 * kElasticGrid * kElasticGrid;

// pixels float32 [N,1,28,28], random float32 [N, >= options.columns()] in [0,1), both on one device
// -> float32 [N,1,28,28], bilinear, 0 beyond the border. An image's result does not depend on its
// neighbours. On the CPU in one thread (the caller's), elsewhere by augment_by_tensors.
torch::Tensor augment(const torch::Tensor& pixels, const torch::Tensor& random,
                      const AugmentOptions& options);

// The same by LibTorch's operators, on any device; equal to augment() but for rounding.
torch::Tensor augment_by_tensors(const torch::Tensor& pixels, const torch::Tensor& random,
                                 const AugmentOptions& options);

// One image: out and pixels float [28][28], which may not overlap; random as above.
void augment_into(float* out, const float* pixels, const float* random,
                  const AugmentOptions& options);

// With numbers from torch's default generator.
torch::Tensor augment(const torch::Tensor& pixels, const AffineRange& range);

}  // namespace inkling
