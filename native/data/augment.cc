// Augmentation written twice: an image at a time for the CPU, which must cost next to nothing
// beside a training step, and by tensor operators for a GPU. The tests hold them together.
#include "data/augment.h"

#include <torch/nn/functional/vision.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "data/dataset.h"

namespace inkling {
namespace F = torch::nn::functional;
namespace {

constexpr std::int64_t kPixels = kSide * kSide;
constexpr int kTaps = 4;  // of a cubic B-spline

// Which four grid points move pixel p along one axis, and by what share.
struct SplineTaps {
  std::array<std::int64_t, kSide> first;
  std::array<std::array<float, kTaps>, kSide> weight;
  double mean_square = 0;  // of the weights' squares summed over the taps, mean over the pixels
};

SplineTaps make_taps() {
  SplineTaps taps;
  constexpr std::int64_t kCells = kElasticGrid - kTaps + 1;
  for (std::int64_t p = 0; p < kSide; ++p) {
    const double at = (static_cast<double>(p) + 0.5) * kCells / kSide;
    const auto cell = static_cast<std::int64_t>(at);
    const double t = at - static_cast<double>(cell), u = 1 - t;
    const std::array<double, kTaps> weights = {u * u * u / 6, (3 * t * t * t - 6 * t * t + 4) / 6,
                                               (3 * u * u * u - 6 * u * u + 4) / 6, t * t * t / 6};
    const auto row = static_cast<std::size_t>(p);
    taps.first[row] = cell;
    for (std::size_t k = 0; k < kTaps; ++k) {
      taps.weight[row][k] = static_cast<float>(weights[k]);
      taps.mean_square += weights[k] * weights[k] / kSide;
    }
  }
  return taps;
}

const SplineTaps& taps() {
  static const SplineTaps kMade = make_taps();
  return kMade;
}

// The factor of the grid's numbers in [-1,1) (variance 1/3) that moves pixels by `elastic`.
float elastic_factor(double elastic) {
  return static_cast<float>(elastic * std::sqrt(3.0) / taps().mean_square);
}

// A number in [0,1) to one in [-half_width, half_width).
float around_zero(float random, double half_width) {
  return (2 * random - 1) * static_cast<float>(half_width);
}

// From an output position to the input's, relative to the middle: rotation * shear * scale, shift.
struct Affine {
  float xx, xy, x;  // input x = xx * output x + xy * output y + x
  float yx, yy, y;
};

Affine affine_map(const float* random, const AffineRange& range) {
  const float angle = around_zero(random[0], range.rotation * std::numbers::pi / 180);
  const float cosine = std::cos(angle), sine = std::sin(angle);
  const float scale_x = 1 + around_zero(random[1], range.scale);
  const float scale_y = 1 + around_zero(random[2], range.scale);
  const float shear = around_zero(random[3], range.shear);
  return {cosine * scale_x, (cosine * shear - sine) * scale_y, around_zero(random[4], range.shift),
          sine * scale_x,   (sine * shear + cosine) * scale_y, around_zero(random[5], range.shift)};
}

// Where each output pixel is read from, in input pixels.
struct Field {
  std::array<float, kPixels> x, y;
};

void affine_field(const Affine& map, Field& field) {
  constexpr float kMiddle = (kSide - 1) / 2.0f;
  for (std::int64_t row = 0; row < kSide; ++row) {
    const float v = static_cast<float>(row) - kMiddle;
    const float x = map.xy * v + map.x + kMiddle, y = map.yy * v + map.y + kMiddle;
    float* field_x = field.x.data() + row * kSide;
    float* field_y = field.y.data() + row * kSide;
    for (std::int64_t column = 0; column < kSide; ++column) {
      const float u = static_cast<float>(column) - kMiddle;
      field_x[column] = map.xx * u + x, field_y[column] = map.yx * u + y;
    }
  }
}

// Adds one axis' displacement: the grid, in [0,1), interpolated over rows, then over columns.
void add_elastic(const float* grid, float factor, std::array<float, kPixels>& field) {
  for (std::size_t row = 0; row < kSide; ++row) {
    std::array<float, kElasticGrid> line{};  // the grid at this row
    for (std::size_t k = 0; k < kTaps; ++k) {
      const float* points =
          grid + (taps().first[row] + static_cast<std::int64_t>(k)) * kElasticGrid;
      const float weight = taps().weight[row][k] * factor;
      for (std::size_t c = 0; c < kElasticGrid; ++c) line[c] += weight * (2 * points[c] - 1);
    }
    for (std::size_t column = 0; column < kSide; ++column) {
      const float* points = line.data() + taps().first[column];
      const std::array<float, kTaps>& weight = taps().weight[column];
      field[row * kSide + column] += weight[0] * points[0] + weight[1] * points[1] +
                                     weight[2] * points[2] + weight[3] * points[3];
    }
  }
}

// Bilinear, 0 beyond the border.
void sample(float* out, const float* pixels, const Field& field) {
  constexpr int kBorder = 1, kPadded = 32;  // 1 before, 3 behind: rows of two cache lines
  std::array<float, kPadded * kPadded> padded{};
  for (std::int64_t row = 0; row < kSide; ++row) {
    std::copy_n(pixels + row * kSide, kSide, padded.data() + (row + kBorder) * kPadded + kBorder);
  }
  std::array<int, kPixels> corner;
  std::array<float, kPixels> right, below;  // weights of the right and the lower neighbour
  for (std::size_t i = 0; i < kPixels; ++i) {
    // At -1 and at 28 all that is read is border.
    const float x = std::clamp(field.x[i], -1.0f, static_cast<float>(kSide)) + kBorder;
    const float y = std::clamp(field.y[i], -1.0f, static_cast<float>(kSide)) + kBorder;
    const int left = static_cast<int>(x), top = static_cast<int>(y);
    corner[i] = top * kPadded + left;
    right[i] = x - static_cast<float>(left), below[i] = y - static_cast<float>(top);
  }
  for (std::size_t i = 0; i < kPixels; ++i) {
    const float* p = padded.data() + corner[i];
    const float upper = p[0] + right[i] * (p[1] - p[0]);
    const float lower = p[kPadded] + right[i] * (p[kPadded + 1] - p[kPadded]);
    out[i] = upper + below[i] * (lower - upper);
  }
}

// The first row or column of the square whose middle is at `random` of the side.
std::int64_t cutout_start(float random, std::int64_t side) {
  return static_cast<std::int64_t>(random * static_cast<float>(kSide)) - side / 2;
}

void cut_out(float* out, const float* random, std::int64_t side) {
  const std::int64_t left = cutout_start(random[0], side), top = cutout_start(random[1], side);
  for (std::int64_t row = std::max<std::int64_t>(0, top); row < std::min(kSide, top + side);
       ++row) {
    std::fill(out + row * kSide + std::max<std::int64_t>(0, left),
              out + row * kSide + std::clamp<std::int64_t>(left + side, 0, kSide), 0.0f);
  }
}

// [N,2,3] for affine_grid, whose unit is half a picture.
torch::Tensor affine_theta(const torch::Tensor& random, const AffineRange& range) {
  const auto around = [&](std::int64_t column, double half_width) {  // [N]
    return (2 * random.select(1, column) - 1) * half_width;
  };
  const torch::Tensor angle = around(0, range.rotation * std::numbers::pi / 180);
  const torch::Tensor cosine = angle.cos(), sine = angle.sin();
  const torch::Tensor scale_x = around(1, range.scale) + 1, scale_y = around(2, range.scale) + 1;
  const torch::Tensor shear = around(3, range.shear);
  constexpr double kUnit = 2.0 / kSide;
  const torch::Tensor row_x = torch::stack(
      {cosine * scale_x, (cosine * shear - sine) * scale_y, around(4, range.shift * kUnit)}, 1);
  const torch::Tensor row_y = torch::stack(
      {sine * scale_x, (sine * shear + cosine) * scale_y, around(5, range.shift * kUnit)}, 1);
  return torch::stack({row_x, row_y}, 1);
}

// Displacements float32 [N,28,28,2] in half pictures.
torch::Tensor elastic_displacement(const torch::Tensor& random, double elastic) {
  // [28, grid]: a pixel's weights of the grid's points. Built on the device: a copy from the host
  // could not be captured in a CUDA graph.
  const auto at = (torch::arange(kSide, random.options()) + 0.5) *
                  (static_cast<double>(kElasticGrid - kTaps + 1) / kSide);
  const auto distance = (at.unsqueeze(1) - (torch::arange(kElasticGrid, random.options()) - 1))
                            .abs();  // the spline of point g is centred on position g - 1
  const auto inner = distance.pow(3) / 2 - distance.pow(2) + 2.0 / 3;
  const auto outer = (2 - distance).clamp_min(0).pow(3) / 6;
  const torch::Tensor weights = torch::where(distance < 1, inner, outer);
  const torch::Tensor grid =
      (2 * random.slice(1, kElasticColumn, kAugmentColumns) - 1) * elastic_factor(elastic);
  const torch::Tensor field = torch::matmul(
      torch::matmul(weights, grid.reshape({-1, 2, kElasticGrid, kElasticGrid})), weights.t());
  return field.permute({0, 2, 3, 1}) * (2.0 / kSide);
}

// float32 [N,1,28,28], 0 within the square and 1 elsewhere.
torch::Tensor cutout_mask(const torch::Tensor& random, std::int64_t side) {
  const auto inside = [&](std::int64_t column) {  // bool [N,28]
    const auto start = (random.slice(1, column, column + 1) * kSide).floor() - side / 2;
    const auto position = torch::arange(kSide, random.options());
    return (position >= start).logical_and(position < start + side);
  };
  const torch::Tensor columns = inside(kCutoutColumn), rows = inside(kCutoutColumn + 1);
  return rows.unsqueeze(2).logical_and(columns.unsqueeze(1)).logical_not().unsqueeze(1);
}

}  // namespace

std::int64_t AugmentOptions::columns() const {
  if (elastic > 0) return kAugmentColumns;
  if (cutout > 0) return kElasticColumn;
  return affine.enabled() ? kCutoutColumn : 0;
}

void augment_into(float* out, const float* pixels, const float* random,
                  const AugmentOptions& options) {
  if (options.warps()) {
    Field field;
    affine_field(affine_map(random, options.affine), field);
    if (options.elastic > 0) {
      const float factor = elastic_factor(options.elastic);
      const float* grid = random + kElasticColumn;
      add_elastic(grid, factor, field.x);
      add_elastic(grid + kElasticGrid * kElasticGrid, factor, field.y);
    }
    sample(out, pixels, field);
  } else {
    std::copy_n(pixels, kPixels, out);
  }
  if (options.cutout > 0) cut_out(out, random + kCutoutColumn, options.cutout);
}

torch::Tensor augment(const torch::Tensor& pixels, const torch::Tensor& random,
                      const AugmentOptions& options) {
  if (!options.enabled()) return pixels;
  if (!pixels.device().is_cpu()) return augment_by_tensors(pixels, random, options);
  const torch::Tensor in = pixels.contiguous(), numbers = random.contiguous();
  torch::Tensor out = torch::empty_like(in);
  for (std::int64_t i = 0; i < in.size(0); ++i) {
    augment_into(out.data_ptr<float>() + i * kPixels, in.const_data_ptr<float>() + i * kPixels,
                 numbers.const_data_ptr<float>() + i * numbers.size(1), options);
  }
  return out;
}

torch::Tensor augment_by_tensors(const torch::Tensor& pixels, const torch::Tensor& random,
                                 const AugmentOptions& options) {
  torch::Tensor out = pixels;
  if (options.warps()) {
    torch::Tensor grid = F::affine_grid(affine_theta(random, options.affine), pixels.sizes(),
                                        /*align_corners=*/false);
    if (options.elastic > 0) grid = grid + elastic_displacement(random, options.elastic);
    out = F::grid_sample(out, grid,
                         F::GridSampleFuncOptions()
                             .mode(torch::kBilinear)
                             .padding_mode(torch::kZeros)
                             .align_corners(false));
  }
  if (options.cutout > 0) out = out * cutout_mask(random, options.cutout);
  return out;
}

torch::Tensor augment(const torch::Tensor& pixels, const AffineRange& range) {
  AugmentOptions options;
  options.affine = range;
  return augment(pixels, torch::rand({pixels.size(0), kCutoutColumn}, pixels.options()), options);
}

}  // namespace inkling
