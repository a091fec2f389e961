// Builds the modules of a NetworkSpec and runs them.
#include "model/network.h"

#include <torch/nn/functional/pooling.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/linear.h>

#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "data/dataset.h"
#include "data/file.h"
#include "model/convolution.h"

namespace inkling {
namespace nn = torch::nn;
namespace {

constexpr std::int64_t kMostChannels = 1 << 16;  // a run.json is not trusted with all memory

struct KindName {
  LayerKind kind;
  const char* name;
};
constexpr KindName kKindNames[] = {
    {LayerKind::kConv, "conv"},
    {LayerKind::kBatchNorm, "norm"},
    {LayerKind::kRelu, "relu"},
    {LayerKind::kMaxPool, "pool"},
    {LayerKind::kGlobalAverage, "average"},
    {LayerKind::kFlatten, "flatten"},
    {LayerKind::kDropout, "dropout"},
    {LayerKind::kDense, "dense"},
};

const char* name_of(LayerKind kind) {
  for (const KindName& entry : kKindNames) {
    if (entry.kind == kind) return entry.name;
  }
  return "?";
}

LayerKind kind_of(const std::string& name) {
  for (const KindName& entry : kKindNames) {
    if (name == entry.name) return entry.kind;
  }
  throw Failure("unknown kind of layer '" + name + "' in the run's description");
}

std::int64_t product(const std::vector<std::int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

// Applies a layer to the shape and counts its parameters and multiply-adds.
void advance(const LayerSpec& layer, LayerShape& row) {
  std::vector<std::int64_t>& shape = row.shape;
  const bool is_image = shape.size() == 3;
  const auto need = [&](bool condition, const char* what) {
    if (!condition) throw Failure("layer " + row.name + " " + what);
  };
  need(layer.out >= 0 && layer.out <= kMostChannels && layer.size >= 0 && layer.size <= 2 * kSide &&
           layer.padding >= 0 && layer.padding <= kSide && layer.probability >= 0 &&
           layer.probability < 1,
       "has a size that no digit's network has");
  switch (layer.kind) {
    case LayerKind::kConv: {
      need(is_image && layer.out > 0 && layer.size > 0, "needs an image and a kernel");
      const std::int64_t in = shape[0], shrink = layer.size - 1 - 2 * layer.padding;
      shape = {layer.out, shape[1] - shrink, shape[2] - shrink};
      need(shape[1] > 0 && shape[2] > 0, "has a kernel larger than its input");
      const std::int64_t weights = layer.out * in * layer.size * layer.size;
      row.parameters = weights + (layer.bias ? layer.out : 0);
      row.multiply_adds = weights * shape[1] * shape[2];
      return;
    }
    case LayerKind::kBatchNorm:
      need(is_image, "needs an image");
      row.parameters = 2 * shape[0];
      return;
    case LayerKind::kMaxPool:
      need(is_image && layer.size > 0 && shape[1] >= layer.size,
           "has a window larger than its input");
      shape = {shape[0], shape[1] / layer.size, shape[2] / layer.size};
      return;
    case LayerKind::kGlobalAverage:
      need(is_image, "needs an image");
      shape = {shape[0]};
      return;
    case LayerKind::kFlatten:
      shape = {product(shape)};
      return;
    case LayerKind::kDense:
      need(!is_image && layer.out > 0, "needs a flatten or an average before it");
      row.multiply_adds = shape[0] * layer.out;
      row.parameters = row.multiply_adds + layer.out;
      shape = {layer.out};
      return;
    case LayerKind::kRelu:
    case LayerKind::kDropout:
      return;
  }
}

std::shared_ptr<nn::Module> make_module(const LayerSpec& layer, std::int64_t in) {
  switch (layer.kind) {
    case LayerKind::kConv:
      return nn::Conv2d(nn::Conv2dOptions(in, layer.out, layer.size)
                            .padding(layer.padding)
                            .bias(layer.bias))
          .ptr();
    case LayerKind::kBatchNorm:
      return nn::BatchNorm2d(in).ptr();
    case LayerKind::kDense:
      return nn::Linear(in, layer.out).ptr();
    case LayerKind::kDropout:
      return nn::Dropout(layer.probability).ptr();
    default:
      return nullptr;  // nothing to learn, nothing to switch off
  }
}

torch::Tensor apply_layer(const LayerSpec& layer, nn::Module* module, const torch::Tensor& x) {
  switch (layer.kind) {
    case LayerKind::kConv: {
      const auto* conv = module->as<nn::Conv2d>();
      return convolution(x, conv->weight, conv->bias, layer.padding);
    }
    case LayerKind::kBatchNorm:
      return module->as<nn::BatchNorm2d>()->forward(x);
    case LayerKind::kRelu:
      return x.relu();
    case LayerKind::kMaxPool:
      return torch::max_pool2d(x, layer.size);
    case LayerKind::kGlobalAverage:
      return x.mean({2, 3});
    case LayerKind::kFlatten:
      return x.flatten(1);
    case LayerKind::kDropout:
      return module->as<nn::Dropout>()->forward(x);
    case LayerKind::kDense:
      return module->as<nn::Linear>()->forward(x);
  }
  return x;
}

}  // namespace

void to_json(nlohmann::json& json, const NetworkSpec& spec) {
  json = {{"preset", spec.preset}, {"input_scale", spec.input_scale}};
  for (const LayerSpec& layer : spec.layers) {
    json["layers"].push_back({{"kind", name_of(layer.kind)},
                              {"out", layer.out},
                              {"size", layer.size},
                              {"padding", layer.padding},
                              {"probability", layer.probability},
                              {"bias", layer.bias}});
  }
}

void from_json(const nlohmann::json& json, NetworkSpec& spec) {
  spec.preset = json.at("preset").get<std::string>();
  spec.input_scale = json.at("input_scale").get<double>();
  spec.layers.clear();
  for (const nlohmann::json& layer : json.at("layers")) {
    spec.layers.push_back(
        {kind_of(layer.at("kind").get<std::string>()), layer.at("out").get<std::int64_t>(),
         layer.at("size").get<std::int64_t>(), layer.at("padding").get<std::int64_t>(),
         layer.at("probability").get<double>(), layer.value("bias", false)});
  }
}

std::vector<LayerShape> layer_shapes(const NetworkSpec& spec) {
  std::vector<LayerShape> rows;
  std::vector<std::int64_t> shape = {1, kSide, kSide};
  std::map<LayerKind, int> seen;
  for (const LayerSpec& layer : spec.layers) {
    LayerShape row{name_of(layer.kind) + std::to_string(++seen[layer.kind]), shape};
    advance(layer, row);
    shape = row.shape;
    rows.push_back(std::move(row));
  }
  if (shape != std::vector<std::int64_t>{kClasses}) {
    throw Failure("the network does not end in ten features, one a digit");
  }
  return rows;
}

NetworkImpl::NetworkImpl(NetworkSpec spec) : spec_(std::move(spec)), shapes_(layer_shapes(spec_)) {
  std::int64_t in = 1;  // channels or features
  for (std::size_t i = 0; i < spec_.layers.size(); ++i) {
    modules_.push_back(make_module(spec_.layers[i], in));
    if (modules_.back()) register_module(shapes_[i].name, modules_.back());
    in = shapes_[i].shape[0];
  }
}

torch::Tensor NetworkImpl::forward(torch::Tensor pixels) {
  torch::Tensor x = pixels * spec_.input_scale;
  for (std::size_t i = 0; i < modules_.size(); ++i) {
    if (spec_.layers[i].kind == LayerKind::kBatchNorm && batch_norm_ && is_training()) {
      x = batch_norm_(*modules_[i]->as<nn::BatchNorm2d>(), x);
    } else {
      x = apply_layer(spec_.layers[i], modules_[i].get(), x);
    }
  }
  return x;
}

std::int64_t NetworkImpl::parameter_count() const {
  std::int64_t count = 0;
  for (const LayerShape& row : shapes_) count += row.parameters;
  return count;
}

}  // namespace inkling
