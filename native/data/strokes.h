// Stroke files: JSON Lines, gzipped or not, one drawing a line:
//   {"label":"7","writer":"w03","strokes":[[[x,y],...],...]}
// x grows right, y grows down, any unit. Drawn to pixels by the engine's own ink code.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/hand.h"
#include "inkling/ink.h"

namespace inkling {

struct Drawing {
  int label = -1;  // 0..9, or -1: not a digit
  std::string writer;
  std::vector<Stroke> strokes;
};

// Throws Failure naming file and line: not JSON, no strokes, an empty drawing, an empty file.
std::vector<Drawing> read_strokes(const std::filesystem::path& path);

// Draws all that have a digit for a label; pen_width(i) is drawing i's pen in output pixels.
Dataset render(const std::vector<Drawing>& drawings,
               const std::function<float(std::size_t)>& pen_width);

// One drawing as uint8 [28][28]. Throws Failure when it is empty or the pen is out of range.
void draw_into(std::uint8_t* image, const std::vector<Stroke>& strokes, const PenOptions& pen);
// The same drawing by a hand of its own.
void draw_into(std::uint8_t* image, const std::vector<Stroke>& strokes, const HandOptions& hand,
               Dice& dice);

// Ink as bytes, 255 being full.
void to_bytes(const Pixels& pixels, std::uint8_t* out);

// Writes images (uint8 [N,28,28] on the CPU) over those that an earlier render() of the same
// drawings made.
void render_into(torch::Tensor images, const std::vector<Drawing>& drawings,
                 const std::function<float(std::size_t)>& pen_width);

}  // namespace inkling
