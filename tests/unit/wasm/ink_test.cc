// Ink to pixels: what must hold for any drawing and any picture, whatever its place, size and
// brush.
#include "inkling/ink.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace inkling {
namespace {

// Two drawings are the same picture when no pixel differs by more than rounding in the coordinates
// can move it.
constexpr float kSamePixel = 2e-3f;

Stroke line(float x0, float y0, float x1, float y1, int points = 20) {
  Stroke stroke;
  for (int i = 0; i < points; ++i) {
    const float t = static_cast<float>(i) / static_cast<float>(points - 1);
    stroke.push_back({x0 + t * (x1 - x0), y0 + t * (y1 - y0)});
  }
  return stroke;
}

std::vector<Stroke> seven() { return {line(10, 10, 60, 12), line(60, 12, 30, 90)}; }

std::vector<Stroke> mapped(std::vector<Stroke> strokes, float scale, float dx, float dy) {
  for (Stroke& stroke : strokes) {
    for (Point& p : stroke) p = {p.x * scale + dx, p.y * scale + dy};
  }
  return strokes;
}

Pixels drawn(const std::vector<Stroke>& strokes, float width = kPenWidth) {
  Result<Pixels> pixels = pixels_from_strokes(strokes, {width, {}});
  EXPECT_TRUE(pixels.ok()) << pixels.status().message();
  return pixels.value();
}

float largest_difference(const Pixels& a, const Pixels& b) {
  float largest = 0;
  for (int i = 0; i < kPixelCount; ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

struct Extent {
  int min_x = kImageSide, min_y = kImageSide, max_x = -1, max_y = -1;
  int width() const { return max_x - min_x + 1; }
  int height() const { return max_y - min_y + 1; }
};

Extent extent_of(const Pixels& pixels, float above = 0.02f) {
  Extent e;
  for (int i = 0; i < kPixelCount; ++i) {
    if (pixels[i] <= above) continue;
    const int x = i % kImageSide, y = i / kImageSide;
    e.min_x = std::min(e.min_x, x), e.max_x = std::max(e.max_x, x);
    e.min_y = std::min(e.min_y, y), e.max_y = std::max(e.max_y, y);
  }
  return e;
}

float mass(const Pixels& pixels) { return std::accumulate(pixels.begin(), pixels.end(), 0.0f); }

TEST(InkFromStrokes, AFactorOfOneChangesNothingAndHalvesThinTheLine) {
  const std::vector<float> ones(40, 1.0f), halves(40, 0.5f);
  const Pixels plain = drawn(seven());
  const Result<Pixels> same = pixels_from_strokes(seven(), {kPenWidth, ones});
  const Result<Pixels> thin = pixels_from_strokes(seven(), {kPenWidth, halves});
  ASSERT_TRUE(same.ok() && thin.ok());
  EXPECT_EQ(same.value(), plain);
  const auto ink = [](const Pixels& p) { return std::accumulate(p.begin(), p.end(), 0.0f); };
  EXPECT_NEAR(ink(thin.value()) / ink(plain), 0.5, 0.1);
}

TEST(InkFromStrokes, RefusesFactorsThatAreNotOneAPointOrOutOfRange) {
  for (const std::vector<float>& factors :
       {std::vector<float>(39, 1.0f), std::vector<float>(41, 1.0f), std::vector<float>(40, 0.0f),
        std::vector<float>(40, 2.5f),
        std::vector<float>(40, std::numeric_limits<float>::quiet_NaN())}) {
    EXPECT_EQ(pixels_from_strokes(seven(), {kPenWidth, factors}).status().code(),
              StatusCode::kInvalidArgument);
  }
}

TEST(InkFromStrokes, PlaceAndSizeOnTheCanvasDoNotMatter) {
  const Pixels reference = drawn(seven());
  for (float scale : {0.01f, 0.5f, 3.0f, 400.0f}) {
    EXPECT_LE(largest_difference(reference, drawn(mapped(seven(), scale, 123.0f, -77.0f))),
              kSamePixel)
        << "scale " << scale;
  }
}

TEST(InkFromStrokes, DirectionAndOrderOfStrokesDoNotMatter) {
  std::vector<Stroke> reversed = seven();
  std::reverse(reversed.begin(), reversed.end());
  for (Stroke& stroke : reversed) std::reverse(stroke.begin(), stroke.end());
  EXPECT_LE(largest_difference(drawn(seven()), drawn(reversed)), kSamePixel);
}

TEST(InkFromStrokes, TheInkedShapeFillsTheTwentyPixelBoxWhateverThePen) {
  for (float width : {1.0f, 2.5f, 4.0f, 8.0f}) {
    const Extent e = extent_of(drawn(seven(), width));
    EXPECT_EQ(std::max(e.width(), e.height()), kBoxSide) << "pen " << width;
  }
}

TEST(InkFromStrokes, TheCentreOfMassRoundsToTheCentrePixel) {
  const Pixels pixels =
      drawn({line(0, 0, 0, 100), line(0, 100, 60, 100)});  // an L: heavy below, left
  float mx = 0, my = 0;
  for (int i = 0; i < kPixelCount; ++i) {
    mx += pixels[i] * static_cast<float>(i % kImageSide);
    my += pixels[i] * static_cast<float>(i / kImageSide);
  }
  EXPECT_NEAR(mx / mass(pixels), 14.0f, 0.501f);
  EXPECT_NEAR(my / mass(pixels), 14.0f, 0.501f);
}

TEST(InkFromStrokes, ADotIsADiscAsWideAsThePen) {
  for (float width : {2.0f, 4.0f, 6.0f}) {
    const Pixels dot = drawn({{{50.0f, 50.0f}}}, width);
    const float disc = static_cast<float>(M_PI) * width * width / 4;
    EXPECT_NEAR(mass(dot), disc, 0.12f * disc) << "pen " << width;
    EXPECT_EQ(extent_of(dot).width(), extent_of(dot).height());
  }
}

TEST(InkFromStrokes, ABarKeepsItsAspect) {
  const Extent upright = extent_of(drawn({line(0, 0, 0, 100)}));
  EXPECT_EQ(upright.height(), kBoxSide);
  EXPECT_LE(upright.width(), static_cast<int>(std::ceil(kPenWidth)) + 1);
  const Extent flat = extent_of(drawn({line(0, 0, 100, 0)}));
  EXPECT_EQ(flat.width(), kBoxSide);
  EXPECT_LE(flat.height(), static_cast<int>(std::ceil(kPenWidth)) + 1);
}

TEST(InkFromStrokes, CrossingStrokesDoNotAddUpBeyondFullInk) {
  const Pixels pixels = drawn({line(0, 0, 50, 50), line(50, 0, 0, 50), line(0, 0, 50, 50)});
  EXPECT_LE(*std::max_element(pixels.begin(), pixels.end()), 1.0f);
  EXPECT_LE(largest_difference(pixels, drawn({line(0, 0, 50, 50), line(50, 0, 0, 50)})),
            kSamePixel);
}

TEST(InkFromStrokes, NothingDrawnIsEmptyInkAndNotADigit) {
  EXPECT_EQ(pixels_from_strokes({}).status().code(), StatusCode::kEmptyInk);
  const std::vector<Stroke> hollow(3);
  EXPECT_EQ(pixels_from_strokes(hollow).status().code(), StatusCode::kEmptyInk);
}

TEST(InkFromStrokes, StrokesWithoutPointsArePassedOver) {
  std::vector<Stroke> strokes = seven();
  strokes.insert(strokes.begin() + 1, Stroke{});
  EXPECT_EQ(largest_difference(drawn(seven()), drawn(strokes)), 0.0f);
}

TEST(InkFromStrokes, RefusesCoordinatesThatAreNotFinite) {
  for (float bad : {NAN, INFINITY, -INFINITY}) {
    std::vector<Stroke> strokes = seven();
    strokes[1][3].y = bad;
    const Result<Pixels> pixels = pixels_from_strokes(strokes);
    EXPECT_EQ(pixels.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(pixels.status().message().find("stroke 1"), std::string::npos);
  }
}

TEST(InkFromStrokes, RefusesMorePointsThanTheLimitAndPensOutOfRange) {
  const std::vector<Stroke> huge = {Stroke(kMaxPoints + 1, Point{1, 2})};
  EXPECT_EQ(pixels_from_strokes(huge).status().code(), StatusCode::kInvalidArgument);
  for (float width : {0.0f, -1.0f, 0.5f, 11.0f, NAN}) {
    EXPECT_EQ(pixels_from_strokes(seven(), {width}).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST(InkFromStrokes, TheLargestFiniteCoordinatesStillGivePixelsFromZeroToOne) {
  const float big = std::numeric_limits<float>::max();
  const std::vector<Stroke> strokes = {{{-big, -big}, {big, big}}, {{0, big}, {1e-38f, -big}}};
  for (float ink : drawn(strokes)) {
    ASSERT_TRUE(ink >= 0.0f && ink <= 1.0f) << ink;
  }
}

// --- bitmaps
// ---------------------------------------------------------------------------------------

struct Picture {
  int width, height;
  std::vector<std::uint8_t> rgba;

  Picture(int w, int h, std::uint8_t grey)
      : width(w), height(h), rgba(std::size_t{4} * w * h, grey) {
    for (std::size_t i = 3; i < rgba.size(); i += 4) rgba[i] = 255;
  }
  void set(int x, int y, int grey) {
    const std::size_t i = (static_cast<std::size_t>(y) * width + x) * 4;
    for (int c = 0; c < 3; ++c) rgba[i + c] = static_cast<std::uint8_t>(std::clamp(grey, 0, 255));
  }
  int get(int x, int y) const { return rgba[(static_cast<std::size_t>(y) * width + x) * 4]; }
  void bar(int x0, int y0, int x1, int y1, int grey) {
    for (int y = y0; y < y1; ++y) {
      for (int x = x0; x < x1; ++x) set(x, y, grey);
    }
  }
  Result<Pixels> pixels() const { return pixels_from_bitmap(rgba, width, height); }
};

// An L in dark or light ink.
Picture letter(int side, int paper, int ink) {
  Picture picture(side, side, static_cast<std::uint8_t>(paper));
  const int u = side / 10;
  picture.bar(2 * u, u, 4 * u, 9 * u, ink);
  picture.bar(2 * u, 7 * u, 7 * u, 9 * u, ink);
  return picture;
}

TEST(InkFromBitmap, ReadsAnMnistImageBackUnchanged) {
  const Pixels original = drawn(seven());
  Picture picture(28, 28, 0);  // white ink on black, as MNIST is
  for (int y = 0; y < 28; ++y) {
    for (int x = 0; x < 28; ++x) {
      picture.set(x, y, static_cast<int>(std::lround(255 * original[y * 28 + x])));
    }
  }
  const Result<Pixels> pixels = picture.pixels();
  ASSERT_TRUE(pixels.ok());
  // Faint fringes (below a tenth of full ink) count as paper grain.
  EXPECT_LE(largest_difference(original, pixels.value()), 0.1f);
}

TEST(InkFromBitmap, PolarityAndSizeDoNotMatter) {
  const Result<Pixels> reference = letter(100, 255, 0).pixels();
  ASSERT_TRUE(reference.ok());
  EXPECT_LE(largest_difference(reference.value(), letter(100, 20, 230).pixels().value()), 0.01f);
  EXPECT_LE(largest_difference(reference.value(), letter(600, 255, 0).pixels().value()), 0.01f);
}

TEST(InkFromBitmap, AShadowAcrossThePaperIsRemoved) {
  Picture clean = letter(200, 220, 20), shaded = clean;
  for (int y = 0; y < 200; ++y) {
    for (int x = 0; x < 200; ++x) shaded.set(x, y, clean.get(x, y) - x / 3);
  }
  const Result<Pixels> expected = clean.pixels(), pixels = shaded.pixels();
  ASSERT_TRUE(expected.ok() && pixels.ok());
  // The picture may move by a whole pixel when its centre of mass lies between two.
  EXPECT_NEAR(mass(pixels.value()), mass(expected.value()), 0.1f * mass(expected.value()));
  const Extent a = extent_of(expected.value(), 0.3f), b = extent_of(pixels.value(), 0.3f);
  EXPECT_EQ(a.width(), b.width());
  EXPECT_EQ(a.height(), b.height());
}

TEST(InkFromBitmap, InkThatLivesInTheAlphaChannelIsSeen) {
  Picture opaque = letter(100, 255, 0), transparent(100, 100, 255);
  for (std::size_t i = 0; i < opaque.rgba.size(); i += 4) {
    transparent.rgba[i + 3] = static_cast<std::uint8_t>(255 - opaque.rgba[i]);
  }
  const Result<Pixels> pixels = transparent.pixels();
  ASSERT_TRUE(pixels.ok());
  EXPECT_LE(largest_difference(opaque.pixels().value(), pixels.value()), 0.01f);
}

TEST(InkFromBitmap, ABlankPictureIsEmptyInk) {
  for (int grey : {0, 128, 255}) {
    EXPECT_EQ(Picture(50, 40, static_cast<std::uint8_t>(grey)).pixels().status().code(),
              StatusCode::kEmptyInk);
  }
  EXPECT_EQ(Picture(1, 1, 7).pixels().status().code(), StatusCode::kEmptyInk);
}

TEST(InkFromBitmap, PaperGrainAloneIsEmptyInk) {
  Picture picture(120, 120, 230);
  std::mt19937 random(3);
  for (int y = 0; y < 120; ++y) {
    for (int x = 0; x < 120; ++x) picture.set(x, y, 230 - static_cast<int>(random() % 12));
  }
  EXPECT_EQ(picture.pixels().status().code(), StatusCode::kEmptyInk);
}

TEST(InkFromBitmap, RefusesSidesAndBuffersThatDoNotFit) {
  const std::vector<std::uint8_t> bytes(400);
  EXPECT_EQ(pixels_from_bitmap(bytes, 10, 11).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(pixels_from_bitmap(bytes, 0, 10).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(pixels_from_bitmap(bytes, -10, -10).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(pixels_from_bitmap(bytes, kMaxBitmapSide + 1, 1).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(InkFromBitmap, AnyNoiseGivesPixelsFromZeroToOneOrEmptyInk) {
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    const int w = 1 + static_cast<int>(random() % 40), h = 1 + static_cast<int>(random() % 40);
    std::vector<std::uint8_t> rgba(std::size_t{4} * w * h);
    for (auto& byte : rgba) byte = static_cast<std::uint8_t>(random());
    const Result<Pixels> pixels = pixels_from_bitmap(rgba, w, h);
    if (!pixels.ok()) continue;
    for (float ink : pixels.value()) {
      ASSERT_TRUE(ink >= 0.0f && ink <= 1.0f) << "round " << round << ": " << ink;
    }
  }
}

}  // namespace
}  // namespace inkling
