// Bitmaps to pixels: finds which side is ink, removes the background (a plane, so that a shadow
// across a photo goes with it), then box, area-splat and centring as for MNIST.
#include <algorithm>
#include <cmath>
#include <vector>

#include "ink_normalise.h"
#include "inkling/ink.h"
#include "text.h"

namespace inkling {
namespace {

constexpr float kMinContrast = 24.0f / 255.0f;  // ink against paper; less is a blank sheet's noise
constexpr float kFaintInk = 0.1f;               // of full ink; below it is paper grain
constexpr float kBoxInk = 0.3f;                 // what counts when the box is measured
constexpr int kPlaneFits = 3;                   // fit, drop what is ink, fit again
constexpr int kHistogramBins = 256;

// One value a pixel, row-major [height][width].
struct Plane {
  int width = 0, height = 0;
  std::vector<float> values;

  float at(int x, int y) const { return values[static_cast<std::size_t>(y) * width + x]; }
};

// Luminance (Rec. 601) over white paper, 0..1; or, for a drawing that lives in the alpha channel
// alone, 1 - alpha.
Plane luminance(std::span<const std::uint8_t> rgba, int width, int height) {
  Plane light{width, height, std::vector<float>(static_cast<std::size_t>(width) * height)};
  float darkest = 1, lightest = 0;
  for (std::size_t i = 0; i < light.values.size(); ++i) {
    const std::uint8_t* p = &rgba[i * 4];
    const float alpha = p[3] / 255.0f;
    const float y = (0.299f * p[0] + 0.587f * p[1] + 0.114f * p[2]) / 255.0f;
    light.values[i] = y * alpha + (1 - alpha);
    darkest = std::min(darkest, light.values[i]), lightest = std::max(lightest, light.values[i]);
  }
  if (lightest - darkest < kMinContrast) {
    for (std::size_t i = 0; i < light.values.size(); ++i) {
      light.values[i] = 1 - rgba[i * 4 + 3] / 255.0f;
    }
  }
  return light;
}

// Otsu 1979: the level that splits the values into the two most distinct classes.
float otsu_threshold(const std::vector<float>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const float base = *low, range = std::max(*high - *low, 1e-6f);
  std::array<double, kHistogramBins> counts{};
  for (float v : values) {
    ++counts[std::min(kHistogramBins - 1, static_cast<int>((v - base) / range * kHistogramBins))];
  }
  double total = 0, sum = 0;
  for (int i = 0; i < kHistogramBins; ++i) total += counts[i], sum += i * counts[i];
  double below = 0, sum_below = 0, best = -1;
  int best_bin = 0;
  for (int i = 0; i + 1 < kHistogramBins; ++i) {
    below += counts[i], sum_below += i * counts[i];
    const double above = total - below;
    if (below == 0 || above == 0) continue;
    const double gap = sum_below / below - (sum - sum_below) / above;
    if (const double between = below * above * gap * gap; between > best) {
      best = between, best_bin = i;
    }
  }
  return base + range * (best_bin + 1) / kHistogramBins;
}

// Hoare's selection, around the middle of what is left. (std::nth_element is a kilobyte.)
float quantile(std::vector<float> values, double q) {
  const auto k = static_cast<std::ptrdiff_t>(q * (values.size() - 1));
  std::ptrdiff_t low = 0, high = static_cast<std::ptrdiff_t>(values.size()) - 1;
  while (low < high) {
    const float pivot = values[low + (high - low) / 2];
    std::ptrdiff_t i = low, j = high;
    while (i <= j) {
      while (values[i] < pivot) ++i;
      while (pivot < values[j]) --j;
      if (i <= j) std::swap(values[i++], values[j--]);
    }
    if (k <= j) {
      high = j;
    } else if (k >= i) {
      low = i;
    } else {
      break;
    }
  }
  return values[k];
}

float border_median(const Plane& plane) {
  std::vector<float> border;
  for (int x = 0; x < plane.width; ++x) {
    border.push_back(plane.at(x, 0)), border.push_back(plane.at(x, plane.height - 1));
  }
  for (int y = 0; y < plane.height; ++y) {
    border.push_back(plane.at(0, y)), border.push_back(plane.at(plane.width - 1, y));
  }
  return quantile(std::move(border), 0.5);
}

// The least-squares plane a + b x + c y through the pixels whose value is below `limit`; x and y
// run over -0.5..0.5, which keeps the normal equations well conditioned.
struct Background {
  double a = 0, b = 0, c = 0;
  double at(double x, double y) const { return a + b * x + c * y; }
};

double centred(int i, int side) {
  return side > 1 ? static_cast<double>(i) / (side - 1) - 0.5 : 0.0;
}

// Solves the symmetric 3x3 system by Cramer's rule; a singular one keeps the mean alone.
Background solve(const std::array<double, 6>& m, const std::array<double, 3>& r) {
  const auto [n, sx, sy, sxx, sxy, syy] = m;
  const double det =
      n * (sxx * syy - sxy * sxy) - sx * (sx * syy - sxy * sy) + sy * (sx * sxy - sxx * sy);
  if (std::abs(det) < 1e-9 * n * n * n) return {n > 0 ? r[0] / n : 0.0, 0, 0};
  const double a = r[0] * (sxx * syy - sxy * sxy) - sx * (r[1] * syy - sxy * r[2]) +
                   sy * (r[1] * sxy - sxx * r[2]);
  const double b =
      n * (r[1] * syy - sxy * r[2]) - r[0] * (sx * syy - sxy * sy) + sy * (sx * r[2] - r[1] * sy);
  const double c =
      n * (sxx * r[2] - r[1] * sxy) - sx * (sx * r[2] - r[1] * sy) + r[0] * (sx * sxy - sxx * sy);
  return {a / det, b / det, c / det};
}

Background fit_background(const Plane& plane, const std::vector<float>& residual, float limit) {
  std::array<double, 6> m{};
  std::array<double, 3> r{};
  for (int y = 0; y < plane.height; ++y) {
    for (int x = 0; x < plane.width; ++x) {
      if (residual[static_cast<std::size_t>(y) * plane.width + x] > limit) continue;
      const double u = centred(x, plane.width), v = centred(y, plane.height), z = plane.at(x, y);
      m[0] += 1, m[1] += u, m[2] += v, m[3] += u * u, m[4] += u * v, m[5] += v * v;
      r[0] += z, r[1] += u * z, r[2] += v * z;
    }
  }
  return solve(m, r);
}

std::vector<float> subtract(const Plane& plane, const Background& background) {
  std::vector<float> residual(plane.values.size());
  for (int y = 0; y < plane.height; ++y) {
    for (int x = 0; x < plane.width; ++x) {
      const std::size_t i = static_cast<std::size_t>(y) * plane.width + x;
      residual[i] = static_cast<float>(
          plane.values[i] - background.at(centred(x, plane.width), centred(y, plane.height)));
    }
  }
  return residual;
}

// Luminance -> ink 0..1 over the whole picture, or kEmptyInk.
Result<Plane> extract_ink(Plane light) {
  if (border_median(light) > otsu_threshold(light.values)) {
    for (float& v : light.values) v = 1 - v;  // dark ink on light paper
  }
  std::vector<float> residual = light.values;
  float threshold = otsu_threshold(residual);
  for (int i = 0; i < kPlaneFits; ++i) {
    residual = subtract(light, fit_background(light, residual, threshold));
    threshold = otsu_threshold(residual);
  }
  std::vector<float> paper, ink;
  for (float v : residual) (v <= threshold ? paper : ink).push_back(v);
  if (paper.empty() || ink.empty())
    return Status::empty_ink("pixels_from_bitmap: the picture is blank");
  const float paper_level = quantile(std::move(paper), 0.5);
  const float ink_level = quantile(std::move(ink), 0.9);
  if (ink_level - paper_level < kMinContrast) {
    return Status::empty_ink(
        "pixels_from_bitmap: the picture is blank; choose one with a digit in it");
  }
  for (std::size_t i = 0; i < residual.size(); ++i) {
    const float v = std::clamp((residual[i] - paper_level) / (ink_level - paper_level), 0.0f, 1.0f);
    light.values[i] = v < kFaintInk ? 0.0f : v;
  }
  return light;
}

struct Box {
  int x0, y0, x1, y1;  // half open
};

Box box_of(const Plane& ink) {
  Box box{ink.width, ink.height, 0, 0};
  for (int y = 0; y < ink.height; ++y) {
    for (int x = 0; x < ink.width; ++x) {
      if (ink.at(x, y) < kBoxInk) continue;
      box = {std::min(box.x0, x), std::min(box.y0, y), std::max(box.x1, x + 1),
             std::max(box.y1, y + 1)};
    }
  }
  return box;
}

// Adds `ink` to every picture pixel that the rectangle [x0,x1)x[y0,y1) touches, by the area they
// share.
void splat(double x0, double y0, double x1, double y1, float ink, Pixels& pixels) {
  for (int y = static_cast<int>(y0); y < kImageSide && y < y1; ++y) {
    const double height = std::min(y1, y + 1.0) - std::max(y0, double(y));
    for (int x = static_cast<int>(x0); x < kImageSide && x < x1; ++x) {
      const double width = std::min(x1, x + 1.0) - std::max(x0, double(x));
      pixels[y * kImageSide + x] += static_cast<float>(ink * width * height);
    }
  }
}

}  // namespace

Result<Pixels> pixels_from_bitmap(std::span<const std::uint8_t> rgba, int width, int height) {
  if (width < 1 || height < 1 || width > kMaxBitmapSide || height > kMaxBitmapSide) {
    return error(StatusCode::kInvalidArgument,
                 "pixels_from_bitmap: a picture's sides must be 1 to ", kMaxBitmapSide,
                 " pixels, not ", width, "x", height);
  }
  if (rgba.size() != std::size_t{4} * width * height) {
    return error(StatusCode::kInvalidArgument, "pixels_from_bitmap: ", rgba.size(),
                 " bytes are not 4 for each of ", width, "x", height, " pixels");
  }
  Result<Plane> ink = extract_ink(luminance(rgba, width, height));
  if (!ink.ok()) return std::move(ink).status();

  const Box box = box_of(ink.value());
  const int side = std::max(box.x1 - box.x0, box.y1 - box.y0);
  const double scale = static_cast<double>(kBoxSide) / side;
  const double left = kImageSide / 2.0 - (box.x1 - box.x0) * scale / 2;
  const double top = kImageSide / 2.0 - (box.y1 - box.y0) * scale / 2;
  Pixels pixels{};
  for (int y = box.y0; y < box.y1; ++y) {
    for (int x = box.x0; x < box.x1; ++x) {
      const float value = ink.value().at(x, y);
      if (value == 0) continue;
      const double px = left + (x - box.x0) * scale, py = top + (y - box.y0) * scale;
      splat(px, py, px + scale, py + scale, value, pixels);
    }
  }
  for (float& p : pixels) p = std::min(p, 1.0f);
  return centre_of_mass_to_centre(pixels);
}

}  // namespace inkling
