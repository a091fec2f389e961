// Ink to pixels: how a drawing becomes the 28x28 picture that a network sees. This is the only
// place that knows; the page, training on strokes and evaluation all call it.
//
// The steps are those by which MNIST itself was made (LeCun et al. 1998; reconstructed exactly by
// Yadav and Bottou, "Cold Case: The Lost MNIST Digits", 2019): scale the ink's bounding box, aspect
// kept, into 20x20 pixels; anti-alias by area; put the centre of mass at the centre of 28x28 by a
// whole-pixel shift.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "inkling/status.h"

namespace inkling {

inline constexpr int kImageSide = 28;                        // pixels
inline constexpr int kPixelCount = kImageSide * kImageSide;  // 784
inline constexpr int kBoxSide = 20;  // the ink's box, pen included, in pixels

// The pen's width in *output* pixels, so that neither the canvas's size nor its brush matters.
// At 2.5 drawn digits carry as much ink as MNIST's (103 pixels a digit on average), and a network
// that knows MNIST alone reads them best: 96.0 % of pendigits' training part, against 95.9 % at 2.2
// and 95.5 % at 3.
inline constexpr float kPenWidth = 2.5f;

// A drawing is untrusted (it may come from a file or an address). More than this is no digit.
inline constexpr int kMaxPoints = 100'000;

struct Point {
  float x = 0;  // grows right, any unit
  float y = 0;  // grows down, the same unit
};
using Stroke = std::vector<Point>;

// Row-major [28][28], ink = 1, background = 0.
using Pixels = std::array<float, kPixelCount>;

struct PenOptions {
  float width = kPenWidth;  // output pixels, in [1, 10]
  // Where the pen is pressed or hurried: for every point of every stroke, in their order, a factor
  // of the width in (0, 2]; the line between two points goes evenly from one to the other. Empty:
  // one width throughout, as the page draws.
  std::span<const float> factors = {};
};

// Draws the strokes with a round pen and normalises them. Strokes without points are passed over; a
// stroke of one point (or of coinciding points) is a disc as wide as the pen; a straight bar keeps
// its aspect. Errors: kEmptyInk when no stroke has a point; kInvalidArgument for a coordinate that
// is not finite, more than kMaxPoints points, a pen width out of range, or factors that are not one
// for each point.
Result<Pixels> pixels_from_strokes(std::span<const Stroke> strokes, const PenOptions& pen = {});

// A picture of a digit: `rgba` holds width*height pixels of 4 bytes, row-major from the top left,
// alpha not premultiplied (transparent counts as white). Dark on light and light on dark are told
// apart by the border; an uneven background is removed. Errors: kEmptyInk when the picture is
// blank; kInvalidArgument when a side is not in 1..kMaxBitmapSide or the buffer has another size.
inline constexpr int kMaxBitmapSide = 4096;
Result<Pixels> pixels_from_bitmap(std::span<const std::uint8_t> rgba, int width, int height);

}  // namespace inkling
