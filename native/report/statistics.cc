// Counts over answers, on the CPU.
#include "report/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace inkling {
namespace {

constexpr double kNormal95 = 1.959963984540054;  // 97.5 % quantile of the normal distribution

double share(std::int64_t part, std::int64_t whole) {
  return whole ? static_cast<double>(part) / static_cast<double>(whole)
               : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

Interval wilson_interval(std::int64_t correct, std::int64_t count) {
  if (count == 0) return {};
  const double n = static_cast<double>(count), p = static_cast<double>(correct) / n;
  const double z2 = kNormal95 * kNormal95;
  const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half = kNormal95 / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

Confusion confusion_of(const torch::Tensor& probabilities, const torch::Tensor& labels) {
  Confusion counts{};
  const torch::Tensor answers = probabilities.argmax(1).contiguous();
  const torch::Tensor truth = labels.contiguous();
  for (std::int64_t i = 0; i < truth.size(0); ++i) {
    ++counts[truth.data_ptr<std::int64_t>()[i]][answers.data_ptr<std::int64_t>()[i]];
  }
  return counts;
}

double precision_of(const Confusion& confusion, std::size_t digit) {
  std::int64_t read = 0;
  for (const auto& row : confusion) read += row[digit];
  return share(confusion[digit][digit], read);
}

double recall_of(const Confusion& confusion, std::size_t digit) {
  std::int64_t there = 0;
  for (std::int64_t count : confusion[digit]) there += count;
  return share(confusion[digit][digit], there);
}

std::vector<ReliabilityBin> reliability_of(const torch::Tensor& probabilities,
                                           const torch::Tensor& labels) {
  std::vector<ReliabilityBin> bins(kReliabilityBins);
  for (int b = 0; b < kReliabilityBins; ++b) {
    bins[b].low = static_cast<double>(b) / kReliabilityBins;
    bins[b].high = static_cast<double>(b + 1) / kReliabilityBins;
  }
  const auto [confidence, answer] = probabilities.to(torch::kFloat32).max(1);
  const torch::Tensor right = answer.eq(labels).contiguous(), sure = confidence.contiguous();
  for (std::int64_t i = 0; i < labels.size(0); ++i) {
    const double c = sure.data_ptr<float>()[i];
    const int b =
        std::clamp(static_cast<int>(std::ceil(c * kReliabilityBins)) - 1, 0, kReliabilityBins - 1);
    ++bins[b].count;
    bins[b].correct += right.data_ptr<bool>()[i];
    bins[b].confidence += c;
  }
  for (ReliabilityBin& bin : bins) {
    if (bin.count > 0) bin.confidence /= static_cast<double>(bin.count);
  }
  return bins;
}

double expected_calibration_error(const std::vector<ReliabilityBin>& bins) {
  double sum = 0, count = 0;
  for (const ReliabilityBin& bin : bins) {
    sum += static_cast<double>(bin.count) * std::abs(bin.accuracy() - bin.confidence);
    count += static_cast<double>(bin.count);
  }
  return count > 0 ? sum / count : 0;
}

std::vector<std::int64_t> hardest_rows(const torch::Tensor& probabilities,
                                       const torch::Tensor& labels, std::int64_t count) {
  const torch::Tensor of_truth = probabilities.gather(1, labels.unsqueeze(1)).squeeze(1);
  const torch::Tensor order =
      std::get<1>(of_truth.sort(/*stable=*/true, /*dim=*/0, /*descending=*/false));
  const torch::Tensor first = order.slice(0, 0, std::min(count, order.size(0))).contiguous();
  return {first.data_ptr<std::int64_t>(), first.data_ptr<std::int64_t>() + first.numel()};
}

}  // namespace inkling
