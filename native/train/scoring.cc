// Scores, the temperature and the threshold.
#include "train/scoring.h"

#include <torch/autograd.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

namespace inkling {
namespace {

constexpr std::int64_t kBatch = 1000;  // images evaluated at once; fits any device
constexpr double kTiny = 1e-12;        // keeps the logarithm of a zero probability finite

double mean_loss(const torch::Tensor& logits, const torch::Tensor& labels, double temperature) {
  const torch::Tensor log_p = (logits.to(torch::kFloat64) / temperature).log_softmax(1);
  return -log_p.gather(1, labels.unsqueeze(1)).mean().item<double>();
}

}  // namespace

Score score(const torch::Tensor& probabilities, const torch::Tensor& labels, double threshold) {
  const auto [confidence, answer] = probabilities.max(1);
  const auto confidences = confidence.to(torch::kFloat32).contiguous();
  const auto answers = answer.contiguous();
  const auto likelihood = probabilities.gather(1, labels.unsqueeze(1)).to(torch::kFloat64);

  Score result;
  result.count = labels.size(0);
  result.loss = result.count ? -likelihood.clamp_min(kTiny).log().mean().item<double>() : 0.0;
  for (std::int64_t i = 0; i < result.count; ++i) {
    const std::int64_t label = labels.data_ptr<std::int64_t>()[i];
    const bool correct = answers.data_ptr<std::int64_t>()[i] == label;
    const bool refused = confidences.data_ptr<float>()[i] < threshold;
    result.correct += correct;
    result.refused += refused;
    result.answered_correctly += correct && !refused;
    result.digit_count[label] += 1;
    result.digit_correct[label] += correct;
  }
  return result;
}

torch::Tensor predict_logits(Network& network, const torch::Tensor& images) {
  torch::NoGradGuard no_grad;
  const bool was_training = network->is_training();
  network->eval();
  const torch::Device device = network->parameters().front().device();
  std::vector<torch::Tensor> logits;
  for (std::int64_t at = 0; at < images.size(0); at += kBatch) {
    const torch::Tensor batch = images.slice(0, at, std::min(at + kBatch, images.size(0)));
    logits.push_back(network->forward(to_pixels(batch.to(device))).to(torch::kCPU));
  }
  network->train(was_training);
  return logits.empty() ? torch::empty({0, kClasses}) : torch::cat(logits);
}

double fit_temperature(const torch::Tensor& logits, const torch::Tensor& labels) {
  // Golden-section search over log T: the loss has one minimum there.
  constexpr double kGolden = 0.6180339887498949;
  constexpr int kSteps = 40;
  double low = std::log(0.1), high = std::log(10.0);
  const auto loss_at = [&](double log_t) { return mean_loss(logits, labels, std::exp(log_t)); };
  double a = high - kGolden * (high - low), b = low + kGolden * (high - low);
  double loss_a = loss_at(a), loss_b = loss_at(b);
  for (int i = 0; i < kSteps; ++i) {
    if (loss_a < loss_b) {
      high = b, b = a, loss_b = loss_a;
      a = high - kGolden * (high - low), loss_a = loss_at(a);
    } else {
      low = a, a = b, loss_a = loss_b;
      b = low + kGolden * (high - low), loss_b = loss_at(b);
    }
  }
  return std::exp((low + high) / 2);
}

double confidence_quantile(const torch::Tensor& probabilities, double share) {
  const torch::Tensor sorted = std::get<0>(std::get<0>(probabilities.max(1)).sort());
  const auto at = static_cast<std::int64_t>(share * static_cast<double>(sorted.size(0)));
  return sorted[std::min(at, sorted.size(0) - 1)].item<double>();
}

}  // namespace inkling
