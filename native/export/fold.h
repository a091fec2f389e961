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
};

// The layers after which softmax gives the network's calibrated probabilities. On the CPU.
std::vector<FoldedLayer> fold(Network& network, double temperature);

// Rounds every weight (not the few biases) to the nearest float16, as --fp16 stores them.
void round_weights_to_half(std::vector<FoldedLayer>& layers);

// pixels float32 [N,1,28,28] -> probabilities float32 [N,10], in LibTorch.
torch::Tensor run_folded(const std::vector<FoldedLayer>& layers, const torch::Tensor& pixels);

}  // namespace inkling
