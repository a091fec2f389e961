// Any bytes as a drawing: a pen width, then strokes, each a count of points and their coordinates.
#include <fuzzer/FuzzedDataProvider.h>

#include <bit>

#include "check.h"

namespace {

float any_float(FuzzedDataProvider& data) {
  return std::bit_cast<float>(data.ConsumeIntegral<std::uint32_t>());
}

// Any float at all, or one of those that a canvas gives.
float coordinate(FuzzedDataProvider& data, bool is_wild) {
  return is_wild ? any_float(data) : static_cast<float>(data.ConsumeIntegral<std::int16_t>()) / 16;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  FuzzedDataProvider data(bytes, size);
  inkling::PenOptions pen;
  if (data.ConsumeBool()) pen.width = any_float(data);
  const bool is_wild = data.ConsumeBool();
  std::vector<inkling::Stroke> strokes;
  while (data.remaining_bytes() > 0) {
    inkling::Stroke& stroke = strokes.emplace_back();
    const int points = data.ConsumeIntegralInRange(0, 64);
    for (int i = 0; i < points && data.remaining_bytes() > 0; ++i) {
      const float x = coordinate(data, is_wild);
      stroke.push_back({.x = x, .y = coordinate(data, is_wild)});
    }
  }
  inkling::fuzz::check_pixels(inkling::pixels_from_strokes(strokes, pen));
  return 0;
}
