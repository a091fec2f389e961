// Picture files: each format gives the same pixels, and what is no picture is named.
#include "data/picture.h"

#include <gtest/gtest.h>
#include <png.h>
#include <turbojpeg.h>

#include "data/exif.h"
#include "data/file.h"
#include "temp_folder.h"

namespace inkling {
namespace {

// A dark 1 on light paper: grey values [side][side].
std::string bar(int side, int paper = 240, int ink = 20) {
  std::string grey(std::size_t(side) * side, static_cast<char>(paper));
  for (int y = side / 5; y < side * 4 / 5; ++y) {
    for (int x = side * 9 / 20; x < side * 11 / 20; ++x)
      grey[y * side + x] = static_cast<char>(ink);
  }
  return grey;
}

std::string pgm(const std::string& grey, int side) {
  return "P5\n# by hand\n" + std::to_string(side) + " " + std::to_string(side) + "\n255\n" + grey;
}

std::string png(const std::string& grey, int side) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION, image.format = PNG_FORMAT_GRAY;
  image.width = image.height = static_cast<png_uint_32>(side);
  png_alloc_size_t size = 0;
  png_image_write_get_memory_size(image, size, 0, grey.data(), 0, nullptr);
  std::string bytes(size, '\0');
  png_image_write_to_memory(&image, bytes.data(), &size, 0, grey.data(), 0, nullptr);
  return bytes.substr(0, size);
}

std::string jpeg(const std::string& grey, int width, int height) {
  const tjhandle encoder = tjInitCompress();
  unsigned char* data = nullptr;
  unsigned long size = 0;
  tjCompress2(encoder, reinterpret_cast<const unsigned char*>(grey.data()), width, 0, height,
              TJPF_GRAY, &data, &size, TJSAMP_GRAY, 95, 0);
  std::string bytes(reinterpret_cast<const char*>(data), size);
  tjFree(data), tjDestroy(encoder);
  return bytes;
}

Pixels pixels_of_file(const std::filesystem::path& path) { return pixels_of(read_picture(path)); }

TEST(Picture, EachFormatGivesTheSamePixels) {
  const TempFolder folder;
  const std::string grey = bar(100);
  const Pixels wanted = pixels_of_file(folder.write("a.pgm", pgm(grey, 100)));
  EXPECT_EQ(pixels_of_file(folder.write("a.png", png(grey, 100))), wanted);
  std::string text = "P2 100 100 255\n";
  for (char value : grey) text += std::to_string(static_cast<unsigned char>(value)) + " ";
  EXPECT_EQ(pixels_of_file(folder.write("text.pgm", text)), wanted);
  std::string colour = "P6 100 100 255\n";
  for (char value : grey) colour += std::string(3, value);
  EXPECT_EQ(pixels_of_file(folder.write("a.ppm", colour)), wanted);
  // JPEG loses a little.
  const Pixels lossy = pixels_of_file(folder.write("a.jpg", jpeg(grey, 100, 100)));
  for (int i = 0; i < kPixelCount; ++i) EXPECT_NEAR(lossy[i], wanted[i], 0.1) << i;
}

TEST(Picture, OfTheNetworksSizeIsTakenAsItIs) {
  const TempFolder folder;
  std::string grey(784, '\0');
  grey[28 * 3 + 5] = static_cast<char>(255), grey[28 * 3 + 6] = 51;
  const Pixels pixels = pixels_of_file(folder.write("mnist.png", png(grey, 28)));
  EXPECT_FLOAT_EQ(pixels[28 * 3 + 5], 1.0f);
  EXPECT_FLOAT_EQ(pixels[28 * 3 + 6], 0.2f);
  EXPECT_FLOAT_EQ(pixels[0], 0.0f);
  for (char& value : grey) value = static_cast<char>(255 - static_cast<unsigned char>(value));
  const Pixels turned = pixels_of_file(folder.write("paper.png", png(grey, 28)));
  EXPECT_FLOAT_EQ(turned[28 * 3 + 5], 1.0f);
  EXPECT_FLOAT_EQ(turned[0], 0.0f);
}

TEST(Picture, ALargePhotoIsDecodedSmaller) {
  const TempFolder folder;
  const Picture picture =
      read_picture(folder.write("wide.jpg", jpeg(std::string(6000 * 8, '\x80'), 6000, 8)));
  EXPECT_EQ(picture.width, 3000);
  EXPECT_EQ(picture.height, 4);
}

// `jpeg` with an EXIF block that says how it is turned; little-endian TIFF, one entry.
std::string with_orientation(const std::string& jpeg, int orientation) {
  std::string tiff("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0", 26);
  tiff[18] = static_cast<char>(orientation);
  const std::string body = std::string("Exif\0\0", 6) + tiff;
  const std::string length = {'\0', static_cast<char>(body.size() + 2)};
  return jpeg.substr(0, 2) + "\xff\xe1" + length + body + jpeg.substr(2);
}

TEST(Picture, APhotoIsTurnedAsItsCameraNoted) {
  const TempFolder folder;
  // Two blocks of 16 pixels, dark and light, beside each other.
  std::string grey;
  for (int i = 0; i < 16 * 32; ++i) grey += i % 32 < 16 ? '\0' : '\xff';
  const std::string stored = jpeg(grey, 32, 16);
  const auto corner = [&](int orientation, int x, int y) {
    const Picture p = read_picture(folder.write("o.jpg", with_orientation(stored, orientation)));
    EXPECT_EQ(p.width, orientation >= 5 && orientation <= 8 ? 16 : 32);
    return p.rgba[4 * ((y < 0 ? p.height - 1 : 0) * p.width + (x < 0 ? p.width - 1 : 0))] < 128;
  };
  // Where the dark block's corner (the stored picture's left side) is to be seen.
  for (int as_stored : {1, 4, 0, 9})
    EXPECT_TRUE(corner(as_stored, 0, 0) && !corner(as_stored, -1, 0));
  for (int turned_round : {2, 3})
    EXPECT_TRUE(corner(turned_round, -1, 0) && !corner(turned_round, 0, 0));
  for (int dark_above : {5, 6}) EXPECT_TRUE(corner(dark_above, 0, 0) && !corner(dark_above, 0, -1));
  for (int dark_below : {7, 8}) EXPECT_TRUE(corner(dark_below, 0, -1) && !corner(dark_below, 0, 0));
}

TEST(Exif, DamagedBlocksSayNothing) {
  const std::string whole = with_orientation(jpeg(bar(30), 30, 30), 6);
  EXPECT_EQ(exif_orientation(whole), 6);
  for (std::size_t length = 0; length < 40; ++length) {
    const int orientation = exif_orientation(whole.substr(0, length));
    EXPECT_TRUE(orientation == 1 || orientation == 6) << length;
  }
  std::string far = whole;
  far[16] = far[17] = far[18] = far[19] = '\xff';  // the directory's offset
  EXPECT_EQ(exif_orientation(far), 1);
  EXPECT_EQ(exif_orientation(""), 1);
}

TEST(Picture, ABlankSheetHasNothingToRead) {
  const TempFolder folder;
  for (int side : {28, 50}) {
    const Picture picture =
        read_picture(folder.write("blank.pgm", pgm(std::string(side * side, '\xf0'), side)));
    expect_failure([&] { pixels_of(picture); }, "blank");
  }
}

TEST(Picture, CutShortAnywhereIsRefused) {
  const TempFolder folder;
  const std::string grey = bar(30);
  for (const std::string& whole : {png(grey, 30), jpeg(grey, 30, 30), pgm(grey, 30)}) {
    // The last 12 bytes of a PNG, its end chunk, hold no pixel and are not asked for.
    for (std::size_t length = 0; length + 12 < whole.size(); length += 7) {
      const auto path = folder.write("cut", whole.substr(0, length));
      expect_failure([&] { read_picture(path); }, "cut cannot be read");
    }
  }
}

TEST(Picture, WhatIsNoneIsNamedInOneSentence) {
  const TempFolder folder;
  const auto refuse = [&](const std::string& bytes, const std::string& piece) {
    const auto path = folder.write("file", bytes);
    expect_failure([&] { read_picture(path); }, path.string(), piece);
  };
  refuse("", "empty");
  refuse("GIF89a", "neither PNG");
  refuse("P5 5000 2 255\n" + std::string(10'000, 'x'), "5000x2");
  refuse("P5 0 2 255\n", "0x2");
  refuse("P5 -3 2 255\n", "number");
  refuse("P5 2 2 0\nxxxx", "largest value");
  refuse("P5 99999999999 2 255\n", "number");
  refuse("P2 2 1 255\n7 256\n", "0 to 255");
  refuse(png(std::string(5000, 'x'), 1).substr(0, 20) + std::string(200, '\xff'), "PNG");
  refuse(std::string("\xff\xd8\xff") + std::string(500, '\x7f'), "JPEG");
  std::string huge = jpeg(bar(30), 30, 30);  // its frame's header: marker, length, depth, sides
  const std::size_t frame = huge.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  huge.replace(frame + 5, 4, "\x7f\xff\x7f\xff");
  refuse(huge, "at most 250 million");
  expect_failure([&] { read_picture(folder.path()); }, "is a folder");
  expect_failure([&] { read_picture(folder / "none.png"); }, "cannot open");
}

}  // namespace
}  // namespace inkling
