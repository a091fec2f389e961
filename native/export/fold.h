// A trained network made ready for inference: batch norm, the input's scale and the temperature
// folded into the kernels, dropout gone. What remains is what is written to ONNX.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "model/network.h"

namespace inkling {

struct FoldedLayer {
  LayerSpec
      spec;  // kConv and kDense (with weight and bias), kRelu, kMaxPool, kGlobalAverage, kFlatten
  std::string name;
  torch::Tensor weight;  // kConv float32 [out,in,k,k]; kDense float32 [out,in]
  torch::Tensor bias;    // float32 [out]

  // Set where the layer is quantised (export/quantize.h).
  torch::Tensor scales;     // float32 [out]: the weight is int8 times them; undefined: float32
  double output_scale = 0;  // the output is 0..255 times it; 0: float32
};

inline constexpr int kInt8Most = 127, kUint8Most = 255;  // int8 weights are symmetric
inline constexpr double kInputScale = 1.0 / 255;         // of pixels that are quantised

// The layers after which softmax gives the network's calibrated probabilities. On the CPU.
std::vector<FoldedLayer> fold(Network& network, double temperature);

// Rounds every weight (not the few biases) to the nearest float16, as --fp16 stores them.
void round_weights_to_half(std::vector<FoldedLayer>& layers);

// The weight as int8 times its scales gives it (as it is, where it has none), and the output as
// uint8 times its scale; gradients pass through the rounding.
torch::Tensor rounded_weight(const FoldedLayer& layer);
torch::Tensor rounded_output(const FoldedLayer& layer, const torch::Tensor& output);

// One layer, its weight rounded if it is to be, its output not.
torch::Tensor run_layer(const FoldedLayer& layer, const torch::Tensor& input);

// pixels float32 [N,1,28,28] -> what softmax makes probabilities of, float32 [N,10].
torch::Tensor folded_logits(const std::vector<FoldedLayer>& layers, const torch::Tensor& pixels);

// pixels float32 [N,1,28,28] -> probabilities float32 [N,10], in LibTorch.
torch::Tensor run_folded(const std::vector<FoldedLayer>& layers, const torch::Tensor& pixels);

}  // namespace inkling
