// Scales by search, rounding, and training through the rounding.
#include "export/quantize.h"

#include <ATen/Functions.h>
#include <torch/nn/functional/loss.h>
#include <torch/optim/adamw.h>
#include <torch/utils.h>

#include <cmath>
#include <numbers>

#include "data/file.h"

namespace inkling {
namespace {

// A range that cuts off the farthest values spends its steps on the many: as far as to a half.
constexpr int kRanges = 26;
double range_share(int i) { return 1.0 - 0.02 * i; }

// float32 [out]: for each output channel of float32 [out, ...].
torch::Tensor weight_scales(const torch::Tensor& weight) {
  const torch::Tensor rows = weight.flatten(1);
  const torch::Tensor widest = rows.abs().amax(1).clamp_min(1e-12);
  torch::Tensor best = widest / kInt8Most, least = torch::full_like(widest, INFINITY);
  for (int i = 0; i < kRanges; ++i) {
    const torch::Tensor scales = widest * (range_share(i) / kInt8Most);
    const torch::Tensor rounded =
        (rows / scales.unsqueeze(1)).round().clamp(-kInt8Most, kInt8Most) * scales.unsqueeze(1);
    const torch::Tensor loss = (rounded - rows).square().sum(1);
    best = torch::where(loss < least, scales, best);
    least = torch::minimum(loss, least);
  }
  return best;
}

double activation_scale(const torch::Tensor& values) {
  const double widest = std::max(values.max().item<double>(), 1e-12);
  double best = widest / kUint8Most, least = INFINITY;
  for (int i = 0; i < kRanges; ++i) {
    const double scale = widest * range_share(i) / kUint8Most;
    const double loss =
        (at::fake_quantize_per_tensor_affine(values, scale, 0, 0, kUint8Most) - values)
            .square()
            .mean()
            .item<double>();
    if (loss < least) best = scale, least = loss;
  }
  return best;
}

void round_weights(std::vector<FoldedLayer>& layers) {
  torch::NoGradGuard no_grad;
  for (FoldedLayer& layer : layers) {
    if (!layer.scales.defined()) continue;
    layer.weight = rounded_weight(layer).detach();
    layer.bias = layer.bias.detach();
  }
}

std::vector<FoldedLayer> copied(const std::vector<FoldedLayer>& layers) {
  std::vector<FoldedLayer> copy = layers;
  for (FoldedLayer& layer : copy) {
    if (!layer.weight.defined()) continue;
    layer.weight = layer.weight.detach().clone(), layer.bias = layer.bias.detach().clone();
  }
  return copy;
}

}  // namespace

void quantize_weights(std::vector<FoldedLayer>& layers) {
  torch::NoGradGuard no_grad;
  for (FoldedLayer& layer : layers) {
    if (layer.weight.defined()) layer.scales = weight_scales(layer.weight);
  }
  round_weights(layers);
}

void calibrate_activations(std::vector<FoldedLayer>& layers, const torch::Tensor& pixels) {
  torch::NoGradGuard no_grad;
  torch::Tensor x = pixels;
  double scale = kInputScale;
  for (FoldedLayer& layer : layers) {
    x = run_layer(layer, x);
    switch (layer.spec.kind) {
      case LayerKind::kRelu:
      case LayerKind::kGlobalAverage:
        scale = activation_scale(x);
        break;
      case LayerKind::kMaxPool:  // picks values that have a scale
        break;
      default:
        continue;
    }
    layer.output_scale = scale;
    x = rounded_output(layer, x);
  }
}

std::int64_t tune_quantized(
    std::vector<FoldedLayer>& layers, const std::vector<FoldedLayer>& teacher, Batches& batches,
    const TuneOptions& options,
    const std::function<double(const std::vector<FoldedLayer>&, std::int64_t epoch)>& score) {
  namespace F = torch::nn::functional;
  std::vector<FoldedLayer> best = copied(layers), tuned = copied(layers);
  // Training begins at the weights that were not rounded.
  std::vector<torch::Tensor> parameters;
  for (std::size_t i = 0; i < tuned.size(); ++i) {
    if (!tuned[i].weight.defined()) continue;
    tuned[i].weight = teacher[i].weight.detach().clone().requires_grad_();
    tuned[i].bias = teacher[i].bias.detach().clone().requires_grad_();
    parameters.insert(parameters.end(), {tuned[i].weight, tuned[i].bias});
  }
  torch::optim::AdamW optimizer(parameters,
                                torch::optim::AdamWOptions(options.learning_rate).weight_decay(0));
  double best_score = score(best, 0);
  std::int64_t best_epoch = 0, step = 0;
  const std::int64_t steps = options.epochs * batches.steps_per_epoch();
  for (std::int64_t epoch = 1; epoch <= options.epochs; ++epoch) {
    batches.begin(epoch);
    for (std::int64_t i = 0; i < batches.steps_per_epoch(); ++i, ++step) {
      const double done = static_cast<double>(step) / static_cast<double>(steps);
      static_cast<torch::optim::AdamWOptions&>(optimizer.param_groups()[0].options())
          .lr(options.learning_rate * 0.5 * (1 + std::cos(std::numbers::pi * done)));
      const Batch batch = batches.next();
      const torch::Tensor wanted = run_folded(teacher, batch.pixels);
      const torch::Tensor loss = F::kl_div(folded_logits(tuned, batch.pixels).log_softmax(1),
                                           wanted, F::KLDivFuncOptions(torch::kBatchMean));
      optimizer.zero_grad();
      loss.backward();
      optimizer.step();
    }
    std::vector<FoldedLayer> rounded = copied(tuned);
    round_weights(rounded);
    const double now = score(rounded, epoch);
    if (now > best_score) best = rounded, best_score = now, best_epoch = epoch;
  }
  layers = best;
  return best_epoch;
}

}  // namespace inkling
