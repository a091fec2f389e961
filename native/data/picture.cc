// Decodes with libpng and libjpeg-turbo; the netpbm formats are read here.
#include "data/picture.h"

#include <png.h>
#include <turbojpeg.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <string>

#include "data/exif.h"
#include "data/file.h"

namespace inkling {
namespace fs = std::filesystem;
namespace {

void require_size(std::int64_t width, std::int64_t height) {
  if (width >= 1 && height >= 1 && width <= kMaxBitmapSide && height <= kMaxBitmapSide) return;
  throw Failure("it is " + std::to_string(width) + "x" + std::to_string(height) +
                " pixels, and each side must be 1 to " + std::to_string(kMaxBitmapSide) +
                "; scale it down");
}

Picture blank(std::int64_t width, std::int64_t height) {
  require_size(width, height);
  return {static_cast<int>(width), static_cast<int>(height),
          std::vector<std::uint8_t>(std::size_t{4} * width * height, 255)};
}

// --- PNG ---------------------------------------------------------------------------------------

struct PngFree {
  void operator()(png_image* image) const { png_image_free(image); }
};

Picture decode_png(const std::string& bytes) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  const std::unique_ptr<png_image, PngFree> guard(&image);
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) {
    throw Failure(std::string("it is a damaged PNG (") + image.message + ")");
  }
  Picture picture = blank(image.width, image.height);
  image.format = PNG_FORMAT_RGBA;
  if (png_image_finish_read(&image, nullptr, picture.rgba.data(), 0, nullptr) == 0) {
    throw Failure(std::string("it is a damaged PNG (") + image.message + ")");
  }
  return picture;
}

// --- JPEG --------------------------------------------------------------------------------------

// The picture as its photographer saw it; `orientation` is EXIF's.
Picture upright(const Picture& stored, int orientation) {
  if (orientation == 1) return stored;
  const bool sideways = orientation >= 5;
  const int width = sideways ? stored.height : stored.width;
  const int height = sideways ? stored.width : stored.height;
  Picture turned = blank(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      // Where the stored picture has this point: first across the diagonal, then mirrored.
      int from_x = sideways ? y : x, from_y = sideways ? x : y;
      const bool mirror_x =
          orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
      const bool mirror_y =
          orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
      if (mirror_x) from_x = stored.width - 1 - from_x;
      if (mirror_y) from_y = stored.height - 1 - from_y;
      const auto* from = &stored.rgba[4 * (std::size_t(from_y) * stored.width + from_x)];
      std::copy_n(from, 4, &turned.rgba[4 * (std::size_t(y) * width + x)]);
    }
  }
  return turned;
}

struct TurboFree {
  void operator()(void* handle) const { tjDestroy(handle); }
};

Picture decode_jpeg(const std::string& bytes) {
  const std::unique_ptr<void, TurboFree> decoder(tjInitDecompress());
  const auto fail = [&]() -> Failure {
    return Failure(std::string("it is a JPEG that cannot be decoded (") +
                   tjGetErrorStr2(decoder.get()) + ")");
  };
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  int width = 0, height = 0, subsampling = 0, colours = 0;
  if (!decoder || tjDecompressHeader3(decoder.get(), data, bytes.size(), &width, &height,
                                      &subsampling, &colours) != 0) {
    throw fail();
  }
  // A progressive picture's coefficients are all kept, six bytes a pixel, whatever size is wanted.
  constexpr std::int64_t kMostPixels = 250'000'000;
  if (std::int64_t{width} * height > kMostPixels) {
    throw Failure("it is a JPEG of " + std::to_string(width) + "x" + std::to_string(height) +
                  " pixels; at most 250 million are read, so make it smaller");
  }
  int divisor = 1;
  while (divisor < 8 && std::max(width, height) > kMaxBitmapSide * divisor) divisor *= 2;
  const tjscalingfactor scale{1, divisor};
  Picture picture = blank(TJSCALED(width, scale), TJSCALED(height, scale));
  // A file cut short is a warning to the decoder, which fills the rest with grey: here an error.
  if (tjDecompress2(decoder.get(), data, bytes.size(), picture.rgba.data(), picture.width, 0,
                    picture.height, TJPF_RGBA, TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS) != 0) {
    throw fail();
  }
  return upright(picture, exif_orientation(bytes));
}

// --- PGM, PPM ----------------------------------------------------------------------------------

// https://netpbm.sourceforge.net/doc/pgm.html: numbers parted by white space, "#" comments.
class NetpbmReader {
 public:
  explicit NetpbmReader(const std::string& bytes) : bytes_(bytes), at_(2) {}

  int number(int limit) {
    skip_space();
    int value = 0;
    const char* first = bytes_.data() + at_;
    const auto [end, error] = std::from_chars(first, bytes_.data() + bytes_.size(), value);
    if (error != std::errc{} || value < 0 || value > limit) {
      throw Failure("it is a damaged PGM or PPM (a number from 0 to " + std::to_string(limit) +
                    " should stand at byte " + std::to_string(at_) + ")");
    }
    at_ += static_cast<std::size_t>(end - first);
    return value;
  }

  int binary(int limit) {
    const std::size_t size = limit > 255 ? 2 : 1;
    if (bytes_.size() - at_ < size) throw Failure("it is a PGM or PPM that is cut short");
    int value = static_cast<std::uint8_t>(bytes_[at_++]);
    if (size == 2) value = value << 8 | static_cast<std::uint8_t>(bytes_[at_++]);
    return std::min(value, limit);
  }

  void skip_one() { at_ = std::min(at_ + 1, bytes_.size()); }

 private:
  void skip_space() {
    for (bool comment = false; at_ < bytes_.size(); ++at_) {
      const char c = bytes_[at_];
      if (c == '#') comment = true;
      if (comment ? c == '\n' : c != ' ' && (c < '\t' || c > '\r')) {
        if (!comment) return;
        comment = false;
      }
    }
  }

  const std::string& bytes_;
  std::size_t at_;
};

Picture decode_netpbm(const std::string& bytes) {
  constexpr int kLargestValue = 65535, kLargestSide = 1'000'000;
  const bool binary = bytes[1] >= '5', colour = bytes[1] == '3' || bytes[1] == '6';
  NetpbmReader reader(bytes);
  const int width = reader.number(kLargestSide), height = reader.number(kLargestSide);
  const int largest = reader.number(kLargestValue);
  if (largest == 0) throw Failure("it is a damaged PGM or PPM (its largest value is 0)");
  if (binary) reader.skip_one();
  Picture picture = blank(width, height);
  const auto value = [&] {
    return static_cast<std::uint8_t>((binary ? reader.binary(largest) : reader.number(largest)) *
                                     255 / largest);
  };
  for (std::size_t i = 0; i < picture.rgba.size(); i += 4) {
    for (int k = 0; k < 3; ++k) {
      picture.rgba[i + k] = k == 0 || colour ? value() : picture.rgba[i];
    }
  }
  return picture;
}

Picture decode(const std::string& bytes) {
  if (bytes.starts_with("\x89PNG")) return decode_png(bytes);
  if (bytes.starts_with("\xff\xd8\xff")) return decode_jpeg(bytes);
  const bool netpbm = bytes.size() > 2 && bytes[0] == 'P' &&
                      std::string("2356").find(bytes[1]) != std::string::npos;
  if (netpbm) return decode_netpbm(bytes);
  throw Failure(bytes.empty() ? "it is empty" : "it is neither PNG, JPEG, PGM nor PPM");
}

// Ink of a 28x28 picture as it is: luminance over white paper, turned round when its border is
// light.
Pixels pixels_as_they_are(const Picture& picture) {
  Pixels pixels{};
  std::vector<float> border;
  for (int i = 0; i < kPixelCount; ++i) {
    const std::uint8_t* p = &picture.rgba[std::size_t{4} * i];
    const float alpha = p[3] / 255.0f;
    const float light = (0.299f * p[0] + 0.587f * p[1] + 0.114f * p[2]) / 255.0f;  // Rec. 601
    pixels[i] = light * alpha + (1 - alpha);
    const int x = i % kImageSide, y = i / kImageSide;
    if (x == 0 || y == 0 || x == kImageSide - 1 || y == kImageSide - 1) border.push_back(pixels[i]);
  }
  std::nth_element(border.begin(), border.begin() + border.size() / 2, border.end());
  if (border[border.size() / 2] > 0.5f) {
    for (float& ink : pixels) ink = 1 - ink;
  }
  return pixels;
}

}  // namespace

Picture read_picture(const fs::path& path) {
  const std::string bytes = read_file(path, kMaxPictureBytes);
  try {
    return decode(bytes);
  } catch (const Failure& failure) {
    throw Failure(path.string() + " cannot be read: " + failure.what());
  }
}

Pixels pixels_of(const Picture& picture) {
  if (picture.width == kImageSide && picture.height == kImageSide) {
    const Pixels pixels = pixels_as_they_are(picture);
    // A drawing in the alpha channel alone looks blank here; the ink code knows that kind.
    const auto [low, high] = std::minmax_element(pixels.begin(), pixels.end());
    if (*high - *low > 0) return pixels;
  }
  const Result<Pixels> pixels = pixels_from_bitmap(picture.rgba, picture.width, picture.height);
  if (!pixels.ok()) throw Failure(pixels.status().message());
  return pixels.value();
}

}  // namespace inkling
