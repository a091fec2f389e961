// Draws what is no digit, and counts what is refused.
#include "report/rejection.h"

#include <algorithm>
#include <cmath>

#include "data/dataset.h"
#include "data/strokes.h"

namespace inkling {
namespace {

// A training's epochs count from 1 and its seeds are not negative.
constexpr std::int64_t kSeed = -1, kEpoch = 0;

}  // namespace

torch::Tensor not_digit_images(NotDigits part, std::int64_t count) {
  const std::size_t kinds = not_digit_kinds(part).size();
  torch::Tensor images = torch::empty({count, kSide, kSide}, torch::kUInt8);
  auto* out = images.data_ptr<std::uint8_t>();
  HandOptions hand;
  hand.pen_low = hand.pen_high = kPenWidth, hand.variation = 1;
  for (std::int64_t i = 0; i < count; ++i) {
    Dice dice(keyed_engine(kSeed, Stream::kPen, kEpoch, i));
    const auto kind = static_cast<std::size_t>(i) % kinds;
    draw_into(out + i * kSide * kSide, not_a_digit(part, kind, dice), hand, dice);
  }
  return images;
}

double share_below(const torch::Tensor& probabilities, double threshold) {
  if (probabilities.size(0) == 0) return 0;
  return (probabilities.amax(1) < threshold).to(torch::kFloat64).mean().item<double>();
}

std::vector<RejectionPoint> rejection_curve(const torch::Tensor& digits,
                                            const torch::Tensor& not_digits,
                                            const std::vector<double>& shares) {
  const torch::Tensor sorted = std::get<0>(digits.amax(1).to(torch::kFloat64).sort());
  std::vector<RejectionPoint> curve;
  for (const double share : shares) {
    const auto place = std::min<std::int64_t>(
        std::llround(share * static_cast<double>(sorted.size(0))), sorted.size(0) - 1);
    const double threshold = sorted[place].item<double>();
    curve.push_back(
        {threshold, share_below(digits, threshold), share_below(not_digits, threshold)});
  }
  return curve;
}

std::vector<CaughtKind> caught_by_kind(NotDigits part, const torch::Tensor& probabilities,
                                       double threshold) {
  const std::vector<std::string> names = not_digit_kinds(part);
  std::vector<CaughtKind> caught;
  for (std::size_t kind = 0; kind < names.size(); ++kind) {
    const torch::Tensor rows =
        probabilities.slice(0, static_cast<std::int64_t>(kind), probabilities.size(0),
                            static_cast<std::int64_t>(names.size()));
    if (rows.size(0) > 0) caught.push_back({names[kind], share_below(rows, threshold)});
  }
  std::stable_sort(caught.begin(), caught.end(),
                   [](const CaughtKind& a, const CaughtKind& b) { return a.caught < b.caught; });
  return caught;
}

}  // namespace inkling
