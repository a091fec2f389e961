// Affine augmentation as one grid_sample a batch.
#include "data/augment.h"

#include <torch/nn/functional/vision.h>

#include <numbers>

namespace inkling {
namespace F = torch::nn::functional;

torch::Tensor augment(const torch::Tensor& pixels, const AffineRange& range) {
  const std::int64_t n = pixels.size(0), side = pixels.size(3);
  const auto uniform = [&](double half_width) {  // [N] in [-half_width, half_width)
    return torch::rand({n}, pixels.options()).mul_(2 * half_width).sub_(half_width);
  };
  const torch::Tensor angle = uniform(range.rotation * std::numbers::pi / 180.0);
  const torch::Tensor cosine = angle.cos(), sine = angle.sin();
  const torch::Tensor scale_x = uniform(range.scale) + 1, scale_y = uniform(range.scale) + 1;
  const torch::Tensor shear = uniform(range.shear);
  // grid_sample maps output to input positions, in units of half a picture.
  const double unit = 2.0 / static_cast<double>(side);
  const torch::Tensor shift_x = uniform(range.shift * unit), shift_y = uniform(range.shift * unit);
  // Rows of rotation * shear * scale, [N,2,3].
  const torch::Tensor row_x =
      torch::stack({cosine * scale_x, (cosine * shear - sine) * scale_y, shift_x}, 1);
  const torch::Tensor row_y =
      torch::stack({sine * scale_x, (sine * shear + cosine) * scale_y, shift_y}, 1);
  const torch::Tensor theta = torch::stack({row_x, row_y}, 1);
  const torch::Tensor grid = F::affine_grid(theta, {n, 1, side, side}, /*align_corners=*/false);
  return F::grid_sample(pixels, grid,
                        F::GridSampleFuncOptions()
                            .mode(torch::kBilinear)
                            .padding_mode(torch::kZeros)
                            .align_corners(false));
}

}  // namespace inkling
