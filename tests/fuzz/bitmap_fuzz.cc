// Any bytes as a picture: its two sides, then pixels, repeated until it is full.
#include <fuzzer/FuzzedDataProvider.h>

#include "check.h"

namespace {

constexpr std::size_t kMostPixels = 1 << 12;  // more are slower and tell nothing new

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  FuzzedDataProvider data(bytes, size);
  const int width = data.ConsumeIntegral<std::int16_t>();
  const int height = data.ConsumeIntegral<std::int16_t>();
  const bool is_whole = data.ConsumeIntegral<std::uint8_t>() != 0;
  const std::vector<std::uint8_t> given = data.ConsumeRemainingBytes<std::uint8_t>();
  const bool is_picture =
      width > 0 && height > 0 &&
      static_cast<std::size_t>(width) <= kMostPixels / static_cast<std::size_t>(height);
  if (!is_whole || !is_picture || given.empty()) {
    inkling::fuzz::check_pixels(inkling::pixels_from_bitmap(given, width, height));
    return 0;
  }
  std::vector<std::uint8_t> rgba(std::size_t{4} * static_cast<std::size_t>(width) *
                                 static_cast<std::size_t>(height));
  for (std::size_t i = 0; i < rgba.size(); ++i) rgba[i] = given[i % given.size()];
  inkling::fuzz::check_pixels(inkling::pixels_from_bitmap(rgba, width, height));
  return 0;
}
