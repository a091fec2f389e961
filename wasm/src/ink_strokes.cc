// Strokes to pixels: fits the inked shape (pen width included) into the 20x20 box and draws it with
// a round pen, anti-aliased by the distance from each pixel's centre to the line.
#include <algorithm>
#include <cmath>

#include "ink_normalise.h"
#include "inkling/ink.h"
#include "text.h"

namespace inkling {
namespace {

constexpr float kMinPen = 1.0f, kMaxPen = 10.0f;  // output pixels

struct Bounds {
  double min_x = INFINITY, min_y = INFINITY, max_x = -INFINITY, max_y = -INFINITY;
  int points = 0;

  void add(const Point& p) {
    min_x = std::min(min_x, double{p.x}), max_x = std::max(max_x, double{p.x});
    min_y = std::min(min_y, double{p.y}), max_y = std::max(max_y, double{p.y});
    ++points;
  }
  double side() const { return std::max(max_x - min_x, max_y - min_y); }
};

Result<Bounds> bounds_of(std::span<const Stroke> strokes) {
  Bounds bounds;
  for (std::size_t s = 0; s < strokes.size(); ++s) {
    for (const Point& p : strokes[s]) {
      if (!std::isfinite(p.x) || !std::isfinite(p.y)) {
        return error(StatusCode::kInvalidArgument, "pixels_from_strokes: stroke ", s,
                     " has a coordinate that is not a finite number");
      }
      bounds.add(p);
      if (bounds.points > kMaxPoints) {
        return error(StatusCode::kInvalidArgument,
                     "pixels_from_strokes: the drawing has more than ", kMaxPoints,
                     " points; draw it simpler");
      }
    }
  }
  if (bounds.points == 0) {
    return Status::empty_ink("pixels_from_strokes: nothing is drawn; draw a digit first");
  }
  return bounds;
}

// Maps drawing units to picture pixels: the middle of the bounds to the middle of the picture.
struct Transform {
  double scale, middle_x, middle_y;

  Transform(const Bounds& b, double pen)
      : scale(b.side() > 0 ? (kBoxSide - pen) / b.side() : 0.0),
        middle_x(b.min_x + (b.max_x - b.min_x) / 2),
        middle_y(b.min_y + (b.max_y - b.min_y) / 2) {}

  Point operator()(const Point& p) const {
    return {static_cast<float>((p.x - middle_x) * scale + kImageSide / 2.0),
            static_cast<float>((p.y - middle_y) * scale + kImageSide / 2.0)};
  }
};

// Where the pen is, and how far its ink reaches from there, in output pixels.
struct Nib {
  Point at;
  float radius;
};

// How far (x, y) is from the edge of the ink that the nib leaves on its way from a to b; less than
// 0 inside it.
float distance_to_ink(float x, float y, const Nib& a, const Nib& b) {
  const float dx = b.at.x - a.at.x, dy = b.at.y - a.at.y;
  const float length2 = dx * dx + dy * dy;
  const float along = (x - a.at.x) * dx + (y - a.at.y) * dy;
  const float t = length2 > 0 ? std::clamp(along / length2, 0.0f, 1.0f) : 0.0f;
  return std::hypot(x - (a.at.x + t * dx), y - (a.at.y + t * dy)) -
         (a.radius + t * (b.radius - a.radius));
}

// Inks every pixel by how much of it the round pen covers on its way from a to b (darkest wins, so
// that crossing strokes do not add up).
void draw_segment(const Nib& a, const Nib& b, Pixels& pixels) {
  const float reach = std::max(a.radius, b.radius) + 0.5f;
  const auto first = [&](float p, float q) {
    return std::max(0, static_cast<int>(std::floor(std::min(p, q) - reach)));
  };
  const auto last = [&](float p, float q) {
    return std::min(kImageSide - 1, static_cast<int>(std::ceil(std::max(p, q) + reach)));
  };
  for (int y = first(a.at.y, b.at.y); y <= last(a.at.y, b.at.y); ++y) {
    for (int x = first(a.at.x, b.at.x); x <= last(a.at.x, b.at.x); ++x) {
      const float distance = distance_to_ink(x + 0.5f, y + 0.5f, a, b);
      const float coverage = std::clamp(0.5f - distance, 0.0f, 1.0f);
      float& ink = pixels[y * kImageSide + x];
      ink = std::max(ink, coverage);
    }
  }
}

Status check_factors(std::span<const float> factors, int points) {
  constexpr float kMostPressure = 2;
  if (!factors.empty() && factors.size() != static_cast<std::size_t>(points)) {
    return Status::invalid_argument("pixels_from_strokes: there must be a factor for each point");
  }
  for (float factor : factors) {
    if (!(factor > 0 && factor <= kMostPressure)) {
      return Status::invalid_argument("pixels_from_strokes: a factor must be above 0, at most 2");
    }
  }
  return {};
}

}  // namespace

Result<Pixels> pixels_from_strokes(std::span<const Stroke> strokes, const PenOptions& pen) {
  if (!(pen.width >= kMinPen && pen.width <= kMaxPen)) {
    return Status::invalid_argument("pixels_from_strokes: the pen's width must be 1 to 10 pixels");
  }
  Result<Bounds> bounds = bounds_of(strokes);
  if (!bounds.ok()) return std::move(bounds).status();

  INKLING_RETURN_IF_ERROR(check_factors(pen.factors, bounds.value().points));

  const Transform to_picture(bounds.value(), pen.width);
  Pixels pixels{};
  std::size_t point = 0;
  const auto nib = [&](const Point& p) {
    const float factor = pen.factors.empty() ? 1.0f : pen.factors[point];
    ++point;
    return Nib{to_picture(p), pen.width / 2 * factor};
  };
  for (const Stroke& stroke : strokes) {
    if (stroke.empty()) continue;
    Nib previous = nib(stroke.front());
    draw_segment(previous, previous, pixels);
    for (std::size_t i = 1; i < stroke.size(); ++i) {
      const Nib next = nib(stroke[i]);
      draw_segment(previous, next, pixels);
      previous = next;
    }
  }
  return centre_of_mass_to_centre(pixels);
}

}  // namespace inkling
