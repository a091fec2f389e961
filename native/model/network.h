// A network as a list of layers: the one description that is trained, saved with a checkpoint and
// exported to ONNX. Shapes in comments are [N, channels, height, width].
#pragma once

#include <torch/nn/module.h>

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace torch::nn {
class BatchNorm2dImpl;
}

namespace inkling {

enum class LayerKind {
  kConv,       // with bias, unless batch norm follows and supplies it
  kBatchNorm,  // over channels
  kRelu,
  kMaxPool,        // size x size, stride size
  kGlobalAverage,  // [N,C,H,W] -> [N,C]
  kFlatten,        // [N,C,H,W] -> [N,C*H*W]
  kDropout,
  kDense,  // with bias
};

struct LayerSpec {
  LayerKind kind;
  std::int64_t out = 0;      // kConv: output channels; kDense: output features
  std::int64_t size = 0;     // kConv: kernel side; kMaxPool: window side
  std::int64_t padding = 0;  // kConv: pixels on each side
  double probability = 0;    // kDropout
  bool bias = false;         // kConv
};

struct NetworkSpec {
  std::string preset;
  double input_scale = 1.0;  // pixels are multiplied by it; folds into the first layer on export
  std::vector<LayerSpec> layers;
};

void to_json(nlohmann::json& json, const NetworkSpec& spec);
void from_json(const nlohmann::json& json, NetworkSpec& spec);

// One row of `inkling train`'s table and of the multiply-add count.
struct LayerShape {
  std::string name;                 // "conv1", "norm1", ...; also its parameters' prefix
  std::vector<std::int64_t> shape;  // of its output for one image: [C,H,W] or [features]
  std::int64_t parameters = 0;
  std::int64_t multiply_adds = 0;
};

// Throws Failure when the layers do not fit each other or do not end in ten features.
std::vector<LayerShape> layer_shapes(const NetworkSpec& spec);

class NetworkImpl : public torch::nn::Module {
 public:
  // What a batch norm layer does in training, [N,C,H,W] -> the same shape.
  using BatchNorm = std::function<torch::Tensor(torch::nn::BatchNorm2dImpl&, const torch::Tensor&)>;

  explicit NetworkImpl(NetworkSpec spec);

  // Replaces batch norm in training, for statistics over several processes; null brings back the
  // layer's own. Not saved.
  void set_batch_norm(BatchNorm batch_norm) { batch_norm_ = std::move(batch_norm); }

  // pixels float32 [N,1,28,28], ink = 1 -> logits float32 [N,10].
  torch::Tensor forward(torch::Tensor pixels);

  const NetworkSpec& spec() const { return spec_; }
  const std::vector<LayerShape>& shapes() const { return shapes_; }
  std::int64_t parameter_count() const;

 private:
  NetworkSpec spec_;
  std::vector<LayerShape> shapes_;
  // One entry a layer; the parameters are registered under the layer's name ("conv1.weight", ...).
  std::vector<std::shared_ptr<torch::nn::Module>> modules_;
  BatchNorm batch_norm_;
};
TORCH_MODULE(Network);

}  // namespace inkling
