// What a hand does to a drawing, one step after the other, in units of the drawing's larger side.
#include "data/hand.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace inkling {
namespace {

using Strokes = std::vector<Stroke>;

// Half-widths of what varies at variation 1; lengths in shares of the drawing's larger side.
constexpr float kRotation = 0.22f;  // radians, 12.6 degrees
constexpr float kSlant = 0.25f;     // dx = slant * dy
constexpr float kAspect = 0.22f;    // exp(u): each axis against the other
constexpr float kBend = 0.030f;     // amplitude of each of the bending waves
constexpr float kTremor = 0.008f;
constexpr float kSlip = 0.03f;
constexpr float kOverrun = 0.06f, kCut = 0.05f;
constexpr float kSparseLow = 0.04f, kSparseHigh = 0.16f;  // between the points of a slow device
constexpr float kMostTaper = 0.5f, kTaperLength = 0.2f;
constexpr float kMostSpeed = 0.35f;  // of the width, at twice the mean speed

float length(const Point& a, const Point& b) { return std::hypot(b.x - a.x, b.y - a.y); }

// Moves the bounding box's middle to 0 and makes its larger side 1.
void to_unit_box(Strokes& strokes) {
  float left = INFINITY, right = -INFINITY, top = INFINITY, bottom = -INFINITY;
  for (const Stroke& stroke : strokes) {
    for (const Point& p : stroke) {
      left = std::min(left, p.x), right = std::max(right, p.x);
      top = std::min(top, p.y), bottom = std::max(bottom, p.y);
    }
  }
  const float side = std::max(right - left, bottom - top);
  const float scale = side > kLeastSide ? 1 / side : 0;
  const float x = left + (right - left) / 2, y = top + (bottom - top) / 2;
  for (Stroke& stroke : strokes) {
    for (Point& p : stroke) p = {(p.x - x) * scale, (p.y - y) * scale};
  }
}

// A device that reports seldom: of points closer than `distance` the later ones are lost, but for
// the last.
void lose_points(Strokes& strokes, float distance) {
  for (Stroke& stroke : strokes) {
    Stroke kept;
    for (const Point& p : stroke) {
      if (kept.empty() || length(kept.back(), p) >= distance) kept.push_back(p);
    }
    if (!stroke.empty() && length(kept.back(), stroke.back()) > 0) kept.push_back(stroke.back());
    stroke = std::move(kept);
  }
}

// Moves `end` along the line that comes from `before`: outwards by a positive distance, inwards, at
// most to `before`, by a negative one.
void move_end(Point& end, const Point& before, float distance) {
  const float segment = length(before, end);
  if (segment <= 0) return;
  const float share = std::max(distance / segment, -1.0f);
  end.x += (end.x - before.x) * share, end.y += (end.y - before.y) * share;
}

void move_ends(Strokes& strokes, float variation, Dice& dice) {
  for (Stroke& stroke : strokes) {
    const float x = dice.around_zero(kSlip * variation), y = dice.around_zero(kSlip * variation);
    const float first = dice.between(-kCut, kOverrun) * variation;
    const float last = dice.between(-kCut, kOverrun) * variation;
    if (strokes.size() > 1) {
      for (Point& p : stroke) p.x += x, p.y += y;
    }
    if (stroke.size() < 2) continue;
    move_end(stroke.front(), stroke[1], first);
    move_end(stroke.back(), stroke[stroke.size() - 2], last);
  }
}

// Three waves of about the drawing's length, each pushing in a direction of its own.
void bend(Strokes& strokes, float variation, Dice& dice) {
  struct Wave {
    float fx, fy, phase, dx, dy;
  };
  std::array<Wave, 3> waves;
  for (Wave& wave : waves) {
    const float turn = dice.between(0, 2 * std::numbers::pi_v<float>);
    const float frequency = 2 * std::numbers::pi_v<float> * dice.between(0.4f, 1.3f);
    wave = {std::cos(turn) * frequency, std::sin(turn) * frequency,
            dice.between(0, 2 * std::numbers::pi_v<float>), dice.around_zero(kBend * variation),
            dice.around_zero(kBend * variation)};
  }
  for (Stroke& stroke : strokes) {
    for (Point& p : stroke) {
      const Point at = p;
      for (const Wave& wave : waves) {
        const float height = std::sin(wave.fx * at.x + wave.fy * at.y + wave.phase);
        p.x += wave.dx * height, p.y += wave.dy * height;
      }
    }
  }
}

// Each point strays with its neighbours, so that lines wobble rather than bristle.
void tremble(Strokes& strokes, float variation, Dice& dice) {
  const float amount = kTremor * variation * dice.unit();
  for (Stroke& stroke : strokes) {
    float x = 0, y = 0;
    for (Point& p : stroke) {
      x = 0.7f * x + dice.around_zero(amount), y = 0.7f * y + dice.around_zero(amount);
      p.x += x, p.y += y;
    }
  }
}

void turn_and_slant(Strokes& strokes, float variation, Dice& dice) {
  const float angle = dice.around_zero(kRotation * variation);
  const float slant = dice.around_zero(kSlant * variation);
  const float wide = std::exp(dice.around_zero(kAspect * variation));
  const float cosine = std::cos(angle), sine = std::sin(angle);
  for (Stroke& stroke : strokes) {
    for (Point& p : stroke) {
      const float x = wide * p.x + slant * p.y, y = p.y;
      p = {cosine * x - sine * y, sine * x + cosine * y};
    }
  }
}

// Fast is thin, and the ends are thinner than the middle: a factor for each point.
void press(const Strokes& strokes, Dice& dice, std::vector<float>& factors) {
  const float speed = dice.chance(0.5f) ? dice.unit() * kMostSpeed : 0;
  const float taper = dice.chance(0.4f) ? dice.unit() * kMostTaper : 0;
  for (const Stroke& stroke : strokes) {
    float whole = 0;
    for (std::size_t i = 1; i < stroke.size(); ++i) whole += length(stroke[i - 1], stroke[i]);
    const float mean = stroke.size() > 1 ? whole / static_cast<float>(stroke.size() - 1) : 0;
    float come = 0, pace = mean;
    for (std::size_t i = 0; i < stroke.size(); ++i) {
      if (i > 0) {
        const float step = length(stroke[i - 1], stroke[i]);
        come += step, pace = 0.6f * pace + 0.4f * step;  // a hand has no jumps of speed
      }
      const float hurry = mean > 0 ? std::clamp(pace / mean - 1, -1.0f, 1.0f) : 0;
      const float end = whole > 0 ? std::min(come, whole - come) / (kTaperLength * whole) : 1;
      factors.push_back((1 - speed * hurry) * (1 - taper * (1 - std::min(end, 1.0f))));
    }
  }
}

}  // namespace

HandDrawn draw_by_hand(const Strokes& strokes, const HandOptions& options, Dice& dice) {
  HandDrawn drawn{strokes, {}, kPenWidth};
  drawn.width =
      dice.between(static_cast<float>(options.pen_low), static_cast<float>(options.pen_high));
  if (options.variation <= 0) return drawn;
  const auto variation = static_cast<float>(options.variation);
  to_unit_box(drawn.strokes);
  if (dice.chance(0.3f)) lose_points(drawn.strokes, dice.between(kSparseLow, kSparseHigh));
  move_ends(drawn.strokes, variation, dice);
  bend(drawn.strokes, variation, dice);
  tremble(drawn.strokes, variation, dice);
  turn_and_slant(drawn.strokes, variation, dice);
  press(drawn.strokes, dice, drawn.factors);
  return drawn;
}

}  // namespace inkling
