// The hand: one drawing as many people, pens and devices would have drawn it. All changes are made
// to the strokes, before they become pixels, so that what the network learns from is as crisp as
// what the page gives it.
#pragma once

#include <ATen/core/PhiloxRNGEngine.h>

#include <cstdint>
#include <vector>

#include "data/random.h"
#include "inkling/ink.h"

namespace inkling {

// Of a drawing's larger side, in its own units; what is smaller is a dot.
inline constexpr float kLeastSide = 1e-30f;

// Numbers for one sample, one after the other.
class Dice {
 public:
  explicit Dice(at::Philox4_32 engine) : engine_(engine) {}
  float unit() { return to_unit(engine_()); }  // [0,1)
  float between(float low, float high) { return low + (high - low) * unit(); }
  float around_zero(float half_width) { return between(-half_width, half_width); }
  bool chance(float share) { return unit() < share; }
  std::size_t below(std::size_t count) {
    return static_cast<std::size_t>(unit() * static_cast<float>(count));
  }

 private:
  at::Philox4_32 engine_;
};

struct HandOptions {
  double pen_low = 1.8, pen_high = 3.5;  // the pen's width is uniform in it, output pixels
  // How far the hand strays, 1 being the range of real hands; 0: drawn as it is, by a pen of varied
  // width.
  double variation = 0;
};

// A drawing ready for pixels_from_strokes().
struct HandDrawn {
  std::vector<Stroke> strokes;
  std::vector<float> factors;  // of the width, one for each point
  float width = kPenWidth;

  PenOptions pen() const { return {width, factors}; }
};

// In this order: points are lost as by a slow device; ends are overrun or cut short, strokes slip
// against one another; a smooth field bends the drawing, the hand trembles; it is turned, slanted,
// and made wide or narrow; the pen's width follows its speed and tapers at the ends. `strokes` must
// be drawable by pixels_from_strokes(). The same dice give the same drawing.
HandDrawn draw_by_hand(const std::vector<Stroke>& strokes, const HandOptions& options, Dice& dice);

}  // namespace inkling
