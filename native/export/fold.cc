// Folding. For a convolution w followed by batch norm (gamma, beta, mean, var):
//   w' = w * gamma / sqrt(var + eps),  b' = beta - mean * gamma / sqrt(var + eps).
#include "export/fold.h"

#include <ATen/Functions.h>
#include <torch/autograd.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/utils.h>

#include <map>

#include "data/file.h"
#include "model/convolution.h"

namespace inkling {
namespace {

using TensorMap = std::map<std::string, torch::Tensor>;

TensorMap tensors_of(Network& network) {
  TensorMap tensors;
  for (const auto& item : network->named_parameters()) tensors[item.key()] = item.value().cpu();
  for (const auto& item : network->named_buffers()) tensors[item.key()] = item.value().cpu();
  return tensors;
}

void fold_batch_norm(const TensorMap& tensors, const std::string& name, FoldedLayer& conv) {
  const double epsilon = torch::nn::BatchNorm2dOptions(1).eps();
  const torch::Tensor factor =
      tensors.at(name + ".weight") / (tensors.at(name + ".running_var") + epsilon).sqrt();
  conv.weight = conv.weight * factor.view({-1, 1, 1, 1});
  conv.bias =
      tensors.at(name + ".bias") + (conv.bias - tensors.at(name + ".running_mean")) * factor;
}

// True for layers with a kernel, which take up the scale of their input.
bool has_weight(LayerKind kind) { return kind == LayerKind::kConv || kind == LayerKind::kDense; }

}  // namespace

std::vector<FoldedLayer> fold(Network& network, double temperature) {
  torch::NoGradGuard no_grad;
  const TensorMap tensors = tensors_of(network);
  const NetworkSpec& spec = network->spec();
  std::vector<FoldedLayer> layers;
  double scale = spec.input_scale;  // still to be folded into the next kernel
  for (std::size_t i = 0; i < spec.layers.size(); ++i) {
    const LayerSpec& layer = spec.layers[i];
    const std::string& name = network->shapes()[i].name;
    if (layer.kind == LayerKind::kDropout) continue;
    if (layer.kind == LayerKind::kBatchNorm) {
      if (layers.empty() || layers.back().spec.kind != LayerKind::kConv) {
        throw Failure("layer " + name +
                      " cannot be exported: batch norm folds only into a convolution "
                      "right before it");
      }
      fold_batch_norm(tensors, name, layers.back());
      continue;
    }
    FoldedLayer folded{layer, name, {}, {}, {}, 0};
    if (has_weight(layer.kind)) {
      folded.weight = tensors.at(name + ".weight") * scale;
      const auto bias = tensors.find(name + ".bias");
      folded.bias = bias != tensors.end() ? bias->second.clone() : torch::zeros({layer.out});
      scale = 1.0;
    }
    layers.push_back(std::move(folded));
  }
  FoldedLayer& last = layers.back();
  if (last.spec.kind != LayerKind::kDense) throw Failure("the network must end in a dense layer");
  last.weight = last.weight / temperature, last.bias = last.bias / temperature;
  return layers;
}

void round_weights_to_half(std::vector<FoldedLayer>& layers) {
  for (FoldedLayer& layer : layers) {
    if (!layer.weight.defined()) continue;
    layer.weight = layer.weight.to(torch::kHalf).to(torch::kFloat32);
    if (!layer.weight.isfinite().all().item<bool>()) {
      throw Failure("layer " + layer.name +
                    " has a weight too large for float16; export without --fp16");
    }
  }
}

torch::Tensor rounded_weight(const FoldedLayer& layer) {
  if (!layer.scales.defined()) return layer.weight;
  return at::fake_quantize_per_channel_affine(layer.weight, layer.scales,
                                              torch::zeros_like(layer.scales, torch::kInt32), 0,
                                              -kInt8Most, kInt8Most);
}

torch::Tensor rounded_output(const FoldedLayer& layer, const torch::Tensor& output) {
  if (layer.output_scale == 0) return output;
  return at::fake_quantize_per_tensor_affine(output, layer.output_scale, 0, 0, kUint8Most);
}

torch::Tensor run_layer(const FoldedLayer& layer, const torch::Tensor& x) {
  switch (layer.spec.kind) {
    case LayerKind::kConv:
      return convolution(x, rounded_weight(layer), layer.bias, layer.spec.padding);
    case LayerKind::kDense:
      return torch::linear(x, rounded_weight(layer), layer.bias);
    case LayerKind::kRelu:
      return x.relu();
    case LayerKind::kMaxPool:
      return torch::max_pool2d(x, layer.spec.size);
    case LayerKind::kGlobalAverage:
      return x.mean({2, 3});
    case LayerKind::kFlatten:
      return x.flatten(1);
    case LayerKind::kBatchNorm:
    case LayerKind::kDropout:
      break;
  }
  throw Failure("layer " + layer.name + " should have been folded away");
}

torch::Tensor folded_logits(const std::vector<FoldedLayer>& layers, const torch::Tensor& pixels) {
  torch::Tensor x = pixels;
  for (const FoldedLayer& layer : layers) x = rounded_output(layer, run_layer(layer, x));
  return x;
}

torch::Tensor run_folded(const std::vector<FoldedLayer>& layers, const torch::Tensor& pixels) {
  torch::NoGradGuard no_grad;
  return folded_logits(layers, pixels).softmax(1);
}

}  // namespace inkling
