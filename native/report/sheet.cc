// Paints the sheet pixel by pixel; ten digits and an arrow need no font library.
#include "report/sheet.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "report/statistics.h"

namespace inkling {
namespace {

constexpr std::int64_t kZoom = 3;                 // an image's pixel on the sheet
constexpr std::int64_t kPicture = kSide * kZoom;  // 84
constexpr std::int64_t kGap = 14, kMargin = 20;   // pixels of the sheet
constexpr std::int64_t kGlyphZoom = 2, kGlyphWidth = 5, kGlyphHeight = 7;
constexpr std::int64_t kCaption = kGlyphHeight * kGlyphZoom + 8;
constexpr std::int64_t kTileWidth = kPicture + kGap, kTileHeight = kPicture + kCaption + kGap;
constexpr std::int64_t kMostColumns = 20;

using Colour = std::array<std::uint8_t, 3>;
constexpr Colour kDesk = {243, 239, 230}, kPaper = {255, 253, 248}, kInk = {27, 34, 51};
constexpr Colour kMuted = {107, 102, 92}, kWrong = {181, 64, 43};

// Seven rows of five bits, the leftmost highest.
using Glyph = std::array<std::uint8_t, kGlyphHeight>;
constexpr std::array<Glyph, kClasses> kDigits = {{{14, 17, 19, 21, 25, 17, 14},
                                                  {4, 12, 4, 4, 4, 4, 14},
                                                  {14, 17, 1, 6, 8, 16, 31},
                                                  {14, 17, 1, 6, 1, 17, 14},
                                                  {2, 6, 10, 18, 31, 2, 2},
                                                  {31, 16, 30, 1, 1, 17, 14},
                                                  {6, 8, 16, 30, 17, 17, 14},
                                                  {31, 1, 2, 4, 8, 8, 8},
                                                  {14, 17, 17, 14, 17, 17, 14},
                                                  {14, 17, 17, 15, 1, 2, 12}}};
constexpr Glyph kArrow = {0, 4, 2, 31, 2, 4, 0};

class Sheet {
 public:
  Sheet(std::int64_t height, std::int64_t width)
      : image_(torch::empty({height, width, 3}, torch::kUInt8)), width_(width) {
    fill(0, 0, width, height, kDesk);
  }

  void fill(std::int64_t x0, std::int64_t y0, std::int64_t width, std::int64_t height,
            const Colour& colour) {
    for (std::int64_t y = y0; y < y0 + height; ++y) {
      for (std::int64_t x = x0; x < x0 + width; ++x) std::copy_n(colour.begin(), 3, at(x, y));
    }
  }

  void draw_image(std::int64_t x0, std::int64_t y0, const std::uint8_t* ink) {
    for (std::int64_t i = 0; i < kSide * kSide; ++i) {
      Colour mixed;
      for (std::size_t k = 0; k < 3; ++k) {
        mixed[k] = static_cast<std::uint8_t>((kInk[k] * ink[i] + kPaper[k] * (255 - ink[i])) / 255);
      }
      fill(x0 + i % kSide * kZoom, y0 + i / kSide * kZoom, kZoom, kZoom, mixed);
    }
  }

  void draw_glyph(std::int64_t x0, std::int64_t y0, const Glyph& glyph, const Colour& colour) {
    for (std::int64_t row = 0; row < kGlyphHeight; ++row) {
      for (std::int64_t column = 0; column < kGlyphWidth; ++column) {
        if ((glyph[row] >> (kGlyphWidth - 1 - column) & 1) == 0) continue;
        fill(x0 + column * kGlyphZoom, y0 + row * kGlyphZoom, kGlyphZoom, kGlyphZoom, colour);
      }
    }
  }

  torch::Tensor image() const { return image_; }

 private:
  std::uint8_t* at(std::int64_t x, std::int64_t y) {
    return image_.data_ptr<std::uint8_t>() + 3 * (y * width_ + x);
  }

  torch::Tensor image_;
  std::int64_t width_;
};

void draw_tile(Sheet& sheet, std::int64_t x, std::int64_t y, const std::uint8_t* ink,
               std::int64_t label, std::int64_t answer) {
  sheet.draw_image(x, y, ink);
  constexpr std::int64_t kStep = (kGlyphWidth + 2) * kGlyphZoom;
  const std::int64_t left = x + (kPicture - 3 * kStep + 2 * kGlyphZoom) / 2;
  const std::int64_t top = y + kPicture + 6;
  sheet.draw_glyph(left, top, kDigits[label], kInk);
  sheet.draw_glyph(left + kStep, top, kArrow, kMuted);
  sheet.draw_glyph(left + 2 * kStep, top, kDigits[answer], kWrong);
}

}  // namespace

torch::Tensor error_sheet(const Answers& answers) {
  const torch::Tensor images = answers.data.images.contiguous();
  const torch::Tensor read = answers.probabilities.argmax(1).contiguous();
  const torch::Tensor labels = answers.data.labels.contiguous();
  const auto* truth = labels.data_ptr<std::int64_t>();
  const auto* answer = read.data_ptr<std::int64_t>();
  std::vector<std::int64_t> rows = hardest_rows(answers.probabilities, labels, answers.data.size());
  std::erase_if(rows, [&](std::int64_t row) { return truth[row] == answer[row]; });
  rows.resize(std::min(rows.size(), static_cast<std::size_t>(kSheetImages)));

  const auto count = static_cast<std::int64_t>(std::max<std::size_t>(rows.size(), 1));
  // About three tiles wide for two high.
  const std::int64_t columns =
      std::min({count, kMostColumns,
                static_cast<std::int64_t>(std::ceil(std::sqrt(1.5 * static_cast<double>(count))))});
  const std::int64_t lines = (count + columns - 1) / columns;
  Sheet sheet(2 * kMargin + lines * kTileHeight - kGap, 2 * kMargin + columns * kTileWidth - kGap);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto column = static_cast<std::int64_t>(i) % columns;
    const auto line = static_cast<std::int64_t>(i) / columns;
    draw_tile(sheet, kMargin + column * kTileWidth, kMargin + line * kTileHeight,
              images.data_ptr<std::uint8_t>() + rows[i] * kSide * kSide, truth[rows[i]],
              answer[rows[i]]);
  }
  return sheet.image();
}

}  // namespace inkling
