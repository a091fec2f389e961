// Data made up for tests: drawings that even a small network tells apart in seconds, and IDX bytes.
#pragma once

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "data/strokes.h"

namespace inkling {

inline std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

inline std::string idx_labels(const std::vector<int>& labels) {
  std::string bytes = big_endian(0x801) + big_endian(static_cast<std::uint32_t>(labels.size()));
  for (int label : labels) bytes += static_cast<char>(label);
  return bytes;
}

// Grey images that differ in their first four pixels, which count them from `first`.
inline std::string idx_images(std::uint32_t count, std::uint32_t rows = 28,
                              std::uint32_t columns = 28, std::uint32_t first = 0) {
  std::string bytes =
      big_endian(0x803) + big_endian(count) + big_endian(rows) + big_endian(columns);
  for (std::uint32_t i = 0; i < count; ++i) {
    bytes += big_endian(first + i) + std::string(std::size_t{rows} * columns - 4, '\x7f');
  }
  return bytes;
}

// Label k is a fan of k + 1 spokes, slightly turned: easy, yet not all alike.
inline std::vector<Drawing> synthetic_drawings(int per_label, int writers, unsigned seed = 5) {
  std::mt19937 random(seed);
  std::vector<Drawing> drawings;
  for (int i = 0; i < per_label * 10; ++i) {
    Drawing drawing{i % 10, "w" + std::to_string(i / 10 % writers), {}};
    const double turn = 0.2 * (static_cast<double>(random()) / 4294967296.0 - 0.5);
    for (int spoke = 0; spoke <= drawing.label; ++spoke) {
      const double angle = turn + spoke * 0.6;
      drawing.strokes.push_back(
          {{0, 0},
           {static_cast<float>(100 * std::cos(angle)), static_cast<float>(100 * std::sin(angle))}});
    }
    drawings.push_back(std::move(drawing));
  }
  return drawings;
}

inline std::string stroke_file(const std::vector<Drawing>& drawings) {
  std::string lines;
  for (const Drawing& drawing : drawings) {
    lines += R"({"label":")" + std::to_string(drawing.label) + R"(","writer":")" + drawing.writer +
             R"(","strokes":[)";
    for (std::size_t s = 0; s < drawing.strokes.size(); ++s) {
      lines += s == 0 ? "[" : ",[";
      for (std::size_t p = 0; p < drawing.strokes[s].size(); ++p) {
        const Point& point = drawing.strokes[s][p];
        lines +=
            (p == 0 ? "[" : ",[") + std::to_string(point.x) + "," + std::to_string(point.y) + "]";
      }
      lines += "]";
    }
    lines += "]}\n";
  }
  return lines;
}

}  // namespace inkling
