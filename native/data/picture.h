// Picture files (PNG, JPEG, PGM and PPM) to the pixels that a network sees.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "inkling/ink.h"

namespace inkling {

struct Picture {
  int width = 0, height = 0;       // at most kMaxBitmapSide each
  std::vector<std::uint8_t> rgba;  // 4 bytes a pixel, row-major from the top left
};

// What a file may hold at most: a photo of 100 megapixels has less.
inline constexpr std::size_t kMaxPictureBytes = std::size_t{64} << 20;

// Told apart by content, not by name. A JPEG larger than kMaxBitmapSide is decoded at a half, a
// fourth or an eighth, and turned as its EXIF says. Throws Failure naming the file: of another
// format, damaged, cut short, too large, a folder.
Picture read_picture(const std::filesystem::path& path);

// As MNIST's images when the picture is 28x28 (light on dark, or turned round when its border is
// light): its pixels as they are. Any other goes through the engine's ink code, which finds the
// ink, scales and centres it. Throws Failure when nothing is drawn.
Pixels pixels_of(const Picture& picture);

}  // namespace inkling
