// Walks a JPEG's segments to APP1 and its first TIFF directory, every offset checked.
#include "data/exif.h"

#include <cstddef>
#include <cstdint>

namespace inkling {
namespace {

// An unsigned number of `size` bytes at `at`; 0 beyond the end.
std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t size, bool big_endian) {
  if (at > bytes.size() || bytes.size() - at < size) return 0;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t from = big_endian ? i : size - 1 - i;
    value = value << 8 | static_cast<std::uint8_t>(bytes[at + from]);
  }
  return value;
}

// TIFF 6.0, section 2: a directory is a count and entries of 12 bytes (tag, type, count, value).
int orientation_in_tiff(std::string_view tiff) {
  constexpr std::uint32_t kOrientation = 0x0112;
  const bool big_endian = tiff.starts_with("MM");
  if (!big_endian && !tiff.starts_with("II")) return 1;
  const std::size_t directory = number_at(tiff, 4, 4, big_endian);
  const std::uint32_t entries = number_at(tiff, directory, 2, big_endian);
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + std::size_t{12} * i;
    if (entry >= tiff.size()) break;
    if (number_at(tiff, entry, 2, big_endian) != kOrientation) continue;
    const std::uint32_t value = number_at(tiff, entry + 8, 2, big_endian);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace

int exif_orientation(std::string_view jpeg) {
  constexpr std::string_view kExif{"Exif\0\0", 6};
  constexpr std::uint32_t kApp1 = 0xffe1, kStartOfScan = 0xffda;
  for (std::size_t at = 2; at + 4 <= jpeg.size();) {  // after the start-of-image marker
    const std::uint32_t marker = number_at(jpeg, at, 2, true);
    const std::uint32_t length = number_at(jpeg, at + 2, 2, true);  // counts itself
    if ((marker & 0xff00) != 0xff00 || marker == kStartOfScan || length < 2) return 1;
    const std::string_view body = jpeg.substr(at + 4).substr(0, length - 2);
    if (marker == kApp1 && body.starts_with(kExif)) {
      return orientation_in_tiff(body.substr(kExif.size()));
    }
    at += 2 + std::size_t{length};
  }
  return 1;
}

}  // namespace inkling
