// Drawings varied as by other hands, drawings that are no digit, other canvases, and how much of
// what is no digit a threshold catches.
#include "data/hand.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "data/canvases.h"
#include "data/not_digits.h"
#include "report/rejection.h"
#include "synthetic.h"

namespace inkling {
namespace {

Dice dice(std::int64_t sample) { return Dice(keyed_engine(3, Stream::kPen, 1, sample)); }

HandOptions straying() {
  HandOptions options;
  options.variation = 1;
  return options;
}

Pixels drawn(const HandDrawn& drawing) {
  const Result<Pixels> pixels = pixels_from_strokes(drawing.strokes, drawing.pen());
  EXPECT_TRUE(pixels.ok()) << pixels.status().message();
  return pixels.ok() ? pixels.value() : Pixels{};
}

std::vector<Stroke> plus() {
  return {{{50, 0}, {50, 40}, {50, 100}}, {{0, 50}, {60, 50}, {100, 50}}};
}

TEST(Hand, TheSameDiceDrawTheSame) {
  Dice first = dice(7), second = dice(7), other = dice(8);
  const Pixels a = drawn(draw_by_hand(plus(), straying(), first));
  EXPECT_EQ(a, drawn(draw_by_hand(plus(), straying(), second)));
  EXPECT_NE(a, drawn(draw_by_hand(plus(), straying(), other)));
}

TEST(Hand, WithoutVariationOnlyThePenDiffers) {
  Dice numbers = dice(1);
  const HandDrawn drawing = draw_by_hand(plus(), HandOptions{}, numbers);
  EXPECT_TRUE(drawing.factors.empty());
  EXPECT_EQ(drawing.strokes[1][2].x, 100);
  EXPECT_GE(drawing.width, 1.8f);
  EXPECT_LE(drawing.width, 3.5f);
}

TEST(Hand, WhatItDrawsStaysDrawableHoweverOddTheDrawing) {
  const std::vector<std::vector<Stroke>> drawings = {
      {{{3, 3}}},                               // a point
      {{{3, 3}, {3, 3}, {3, 3}}},               // the same one thrice
      {{{-1e30f, 5}, {1e30f, 5}}},              // a line of astronomical length
      {{}, {{0, 0}, {1, 1}}},                   // a stroke without points
      {{{0, 0}, {1e-30f, 0}}, {{0, 1e-30f}}}};  // next to nothing
  for (const auto& strokes : drawings) {
    for (std::int64_t sample = 0; sample < 50; ++sample) {
      Dice numbers = dice(sample);
      const Pixels pixels = drawn(draw_by_hand(strokes, straying(), numbers));
      EXPECT_GT(*std::max_element(pixels.begin(), pixels.end()), 0);
    }
  }
}

TEST(Hand, AStrayingHandStaysNearTheDrawing) {
  double difference = 0, ink = 0;
  Dice still = dice(0);
  const Pixels plain = drawn(draw_by_hand(plus(), HandOptions{}, still));
  for (std::int64_t sample = 0; sample < 100; ++sample) {
    Dice numbers = dice(sample);
    const Pixels varied = drawn(draw_by_hand(plus(), straying(), numbers));
    for (std::size_t i = 0; i < plain.size(); ++i) {
      difference += std::abs(varied[i] - plain[i]), ink += plain[i];
    }
  }
  EXPECT_GT(difference / ink, 0.2);  // not the same drawing,
  EXPECT_LT(difference / ink, 1.6);  // and not another one: 2 would be no pixel in common
}

TEST(NotDigits, EveryKindCanBeDrawnAndIsOneOfOnePart) {
  std::set<std::string> names;
  for (const NotDigits part : {NotDigits::kLearned, NotDigits::kUnseen}) {
    const std::vector<std::string> kinds = not_digit_kinds(part);
    EXPECT_GE(kinds.size(), 15u);
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
      EXPECT_TRUE(names.insert(kinds[kind]).second) << kinds[kind];
      std::set<Pixels> pictures;
      for (std::int64_t sample = 0; sample < 20; ++sample) {
        Dice numbers = dice(sample);
        const std::vector<Stroke> strokes = not_a_digit(part, kind, numbers);
        pictures.insert(drawn(draw_by_hand(strokes, straying(), numbers)));
      }
      EXPECT_GE(pictures.size(), 10u) << kinds[kind] << " is always the same";
    }
  }
}

TEST(Canvases, TheSameStrokesGiveTheSamePictureWhereverTheyAreDrawn) {
  const std::vector<Drawing> drawings = synthetic_drawings(2, 1);
  const Dataset plain = render(drawings, [](std::size_t) { return kPenWidth; });
  const std::vector<std::string> names = canvas_names();
  for (std::size_t canvas = 0; canvas < names.size(); ++canvas) {
    const Dataset data = draw_on_canvas(drawings, canvas);
    EXPECT_TRUE(data.labels.equal(plain.labels));
    const auto ink = to_pixels(data.images), expected = to_pixels(plain.images);
    const double difference = (ink - expected).abs().sum().item<double>();
    // Of strokes, whole pixels of the canvas move little; a brush makes lines thinner or thicker.
    const auto names_a = [&](const char* word) {
      return names[canvas].find(word) != std::string::npos;
    };
    const double most = names_a("picture") ? 1.2 : names_a("16") ? 0.4 : 0.2;
    EXPECT_LT(difference / expected.sum().item<double>(), most) << names[canvas];
  }
}

torch::Tensor confident(const std::vector<float>& greatest) {
  const auto count = static_cast<std::int64_t>(greatest.size());
  torch::Tensor p = torch::zeros({count, kClasses});
  for (std::int64_t i = 0; i < count; ++i)
    p[i][i % kClasses] = greatest[static_cast<std::size_t>(i)];
  return p;
}

TEST(Rejection, TheCurveSaysWhatIsCaughtWhereDigitsAreRefused) {
  const torch::Tensor digits = confident({0.99f, 0.95f, 0.9f, 0.6f});
  const torch::Tensor others = confident({0.2f, 0.5f, 0.7f, 0.97f});
  const std::vector<RejectionPoint> curve = rejection_curve(digits, others, {0, 0.25, 0.5});
  EXPECT_NEAR(curve[0].threshold, 0.6, 1e-6);
  EXPECT_EQ(curve[0].refused, 0);
  EXPECT_EQ(curve[0].caught, 0.5);
  EXPECT_EQ(curve[1].refused, 0.25);
  EXPECT_EQ(curve[1].caught, 0.75);
  EXPECT_EQ(curve[2].refused, 0.5);
}

TEST(Rejection, KindsAreCountedApart) {
  const auto kinds = static_cast<std::int64_t>(not_digit_kinds(NotDigits::kUnseen).size());
  torch::Tensor p = torch::full({3 * kinds, kClasses}, 0.1);  // nothing preferred: all are caught
  p[1][4] = 0.9;                                              // but for one of the second kind
  const std::vector<CaughtKind> caught = caught_by_kind(NotDigits::kUnseen, p, 0.5);
  EXPECT_EQ(caught.front().name, not_digit_kinds(NotDigits::kUnseen)[1]);
  EXPECT_NEAR(caught.front().caught, 2.0 / 3, 1e-9);
  EXPECT_EQ(caught.back().caught, 1);
  EXPECT_EQ(not_digit_images(NotDigits::kUnseen, 5).size(0), 5);
}

}  // namespace
}  // namespace inkling
