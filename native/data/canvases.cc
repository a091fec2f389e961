// Each canvas is a change of the strokes, or a picture of them.
#include "data/canvases.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "data/file.h"

namespace inkling {
namespace {

using Strokes = std::vector<Stroke>;

// A canvas of 280 pixels, as most digit pads are.
constexpr int kPictureSide = 280;

struct Canvas {
  const char* name;
  float size;       // of the digit's larger side on the canvas, in pixels; points are whole pixels
  float left, top;  // of the digit's box, in pixels
  bool backwards;   // every stroke from its end, the last one first
  float brush;      // of a picture of kPictureSide, in pixels; 0: strokes are given
  bool light_on_dark;  // the picture's ink
};

constexpr Canvas kCanvases[] = {
    {"a digit 16 pixels high", 16, 4, 4, false, 0, false},
    {"a digit 4,000 pixels high, far off", 4000, 9000, 500, false, 0, false},
    {"in a corner of a pad of 280 pixels", 60, 2, 215, false, 0, false},
    {"drawn backwards", 180, 50, 50, true, 0, false},
    {"a picture of 280 pixels, brush of 6", 180, 50, 50, false, 6, false},
    {"a picture, thick brush of 26", 180, 50, 50, false, 26, false},
    {"a picture, light on dark, brush of 16", 180, 50, 50, false, 16, true},
    {"a picture, small and in a corner, brush of 8", 60, 8, 212, false, 8, false},
};

// The box's corner to (left, top), its larger side to `size`, points to whole pixels.
Strokes placed(const Strokes& strokes, const Canvas& canvas) {
  float left = INFINITY, right = -INFINITY, top = INFINITY, bottom = -INFINITY;
  for (const Stroke& stroke : strokes) {
    for (const Point& p : stroke) {
      left = std::min(left, p.x), right = std::max(right, p.x);
      top = std::min(top, p.y), bottom = std::max(bottom, p.y);
    }
  }
  const float side = std::max(right - left, bottom - top);
  const float scale = side > kLeastSide ? canvas.size / side : 0;
  Strokes result = strokes;
  for (Stroke& stroke : result) {
    for (Point& p : stroke) {
      p = {std::round((p.x - left) * scale + canvas.left),
           std::round((p.y - top) * scale + canvas.top)};
    }
    if (canvas.backwards) std::reverse(stroke.begin(), stroke.end());
  }
  if (canvas.backwards) std::reverse(result.begin(), result.end());
  return result;
}

// Darkens the picture (one float a pixel, ink = 1) around the line from a to b.
void brush_line(std::vector<float>& ink, const Point& a, const Point& b, float radius) {
  const auto clamped = [](float v) {
    return std::clamp(static_cast<int>(std::floor(v)), 0, kPictureSide - 1);
  };
  const float dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
  for (int y = clamped(std::min(a.y, b.y) - radius - 1);
       y <= clamped(std::max(a.y, b.y) + radius + 1); ++y) {
    for (int x = clamped(std::min(a.x, b.x) - radius - 1);
         x <= clamped(std::max(a.x, b.x) + radius + 1); ++x) {
      const float px = static_cast<float>(x) + 0.5f - a.x, py = static_cast<float>(y) + 0.5f - a.y;
      const float t = length2 > 0 ? std::clamp((px * dx + py * dy) / length2, 0.0f, 1.0f) : 0;
      const float distance = std::hypot(px - t * dx, py - t * dy);
      float& pixel = ink[static_cast<std::size_t>(y * kPictureSide + x)];
      pixel = std::max(pixel, std::clamp(radius + 0.5f - distance, 0.0f, 1.0f));
    }
  }
}

Result<Pixels> from_picture(const Strokes& strokes, const Canvas& canvas) {
  std::vector<float> ink(kPictureSide * kPictureSide, 0.0f);
  for (const Stroke& stroke : strokes) {
    for (std::size_t i = 0; i < stroke.size(); ++i) {
      brush_line(ink, stroke[i == 0 ? 0 : i - 1], stroke[i], canvas.brush / 2);
    }
  }
  std::vector<std::uint8_t> rgba;
  rgba.reserve(4 * ink.size());
  for (float amount : ink) {
    const float light = canvas.light_on_dark ? amount : 1 - amount;
    const auto grey = static_cast<std::uint8_t>(std::lround(255 * light));
    rgba.insert(rgba.end(), {grey, grey, grey, 255});
  }
  return pixels_from_bitmap(rgba, kPictureSide, kPictureSide);
}

}  // namespace

std::vector<std::string> canvas_names() {
  std::vector<std::string> names;
  for (const Canvas& canvas : kCanvases) names.emplace_back(canvas.name);
  return names;
}

Dataset draw_on_canvas(const std::vector<Drawing>& drawings, std::size_t index) {
  const Canvas& canvas = kCanvases[index];
  const auto count = static_cast<std::int64_t>(drawings.size());
  Dataset data{torch::empty({count, kSide, kSide}, torch::kUInt8),
               torch::empty({count}, torch::kInt64)};
  auto* images = data.images.data_ptr<std::uint8_t>();
  constexpr std::int64_t kGrain = 64;
  at::parallel_for(0, count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const Strokes strokes = placed(drawings[static_cast<std::size_t>(i)].strokes, canvas);
      std::uint8_t* image = images + i * kSide * kSide;
      if (canvas.brush == 0) {
        draw_into(image, strokes, PenOptions{});
        continue;
      }
      const Result<Pixels> pixels = from_picture(strokes, canvas);
      if (!pixels.ok()) throw Failure(pixels.status().message());
      to_bytes(pixels.value(), image);
    }
  });
  for (std::int64_t i = 0; i < count; ++i) {
    data.labels[i] = drawings[static_cast<std::size_t>(i)].label;
  }
  return data;
}

}  // namespace inkling
