// The last step from ink to pixels: the whole-pixel shift that puts the centre of mass at the
// centre.
#include "ink_normalise.h"

#include <algorithm>
#include <cmath>

namespace inkling {
namespace {

// Column and row index that the centre of mass rounds to (measured on MNIST: every image's centre
// of mass lies in [13.5, 14.5) on both axes, counted in pixel indices).
constexpr double kCentreIndex = 14.0;

struct Extent {
  int min = kImageSide, max = -1;
  void add(int i) { min = std::min(min, i), max = std::max(max, i); }
  // The shift that is nearest to `wanted` and keeps [min, max] inside the picture.
  int limit(int wanted) const { return std::clamp(wanted, -min, kImageSide - 1 - max); }
};

int shift_to_centre(double centre_of_mass) {
  return static_cast<int>(std::floor(kCentreIndex - centre_of_mass + 0.5));
}

}  // namespace

Pixels centre_of_mass_to_centre(const Pixels& pixels) {
  double mass = 0, moment_x = 0, moment_y = 0;
  Extent columns, rows;
  for (int y = 0; y < kImageSide; ++y) {
    for (int x = 0; x < kImageSide; ++x) {
      const float ink = pixels[y * kImageSide + x];
      if (ink <= 0) continue;
      mass += ink, moment_x += double{ink} * x, moment_y += double{ink} * y;
      columns.add(x), rows.add(y);
    }
  }
  if (mass <= 0) return pixels;
  const int dx = columns.limit(shift_to_centre(moment_x / mass));
  const int dy = rows.limit(shift_to_centre(moment_y / mass));

  Pixels centred{};
  for (int y = rows.min; y <= rows.max; ++y) {
    for (int x = columns.min; x <= columns.max; ++x) {
      centred[(y + dy) * kImageSide + x + dx] = pixels[y * kImageSide + x];
    }
  }
  return centred;
}

}  // namespace inkling
